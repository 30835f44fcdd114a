import { beforeEach, describe, expect, it } from 'vitest';
import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import { createConditions } from '../../shared/clients/ledger/conditions.ts';
import type { Addresses } from '../../shared/clients/names/addresses.ts';
import type { Target } from '../../shared/contracts/target-health.ts';
import { summarize } from '../../shared/rules/findings.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';
import { healthyLoadBalancer } from '../../tests/support/endpoint-world.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { refreshTargets } from './refresh-targets.ts';

const host = 'db.cluster-abc.eu-west-1.rds.amazonaws.com';
const port = 5432;
const groups = [{ source: 'rental', arn: 'arn:target-group' }];

/** A world with one target group, one name and one bus. */
function createWorld() {
  const registered = new Map<string, Target>();
  const events: BusEvent[] = [];
  const conditions = createConditions(createMemoryLedger());
  let answer: Addresses = { outcome: 'found', addresses: [] };
  let now = new Date('2026-03-02T12:00:00Z');
  const put = (address: string, state: string): void => {
    registered.set(address, { id: address, port, zone: 'a', state, reason: '', description: '' });
  };
  return {
    events,
    put,
    addresses: () => [...registered.keys()].sort(),
    targets: () => [...registered.values()],
    resolvesTo: (...addresses: string[]) => (answer = { outcome: 'found', addresses }),
    resolutionFails: () => (answer = { outcome: 'failed', detail: 'ENOTFOUND' }),
    pass: (minutes: number) => (now = new Date(now.getTime() + minutes * 60_000)),
    run: async (following = groups) => {
      const [result] = await refreshTargets({
        groups: following,
        vpcRanges: ['10.0.0.0/16'],
        otherRanges: ['192.168.7.0/24'],
        hostOf: () => Promise.resolve(host),
        addressesOf: () => Promise.resolve(answer),
        targets: {
          read: (arn) =>
            arn === 'arn:target-group'
              ? Promise.resolve([...registered.values()])
              : Promise.reject(new Error('no such group')),
          register: (_, targets) => {
            for (const { address } of targets) put(address, 'initial');
            return Promise.resolve();
          },
          deregister: (_, targets) => {
            for (const { address } of targets) registered.delete(address);
            return Promise.resolve();
          },
        },
        conditions,
        bus: {
          put: (more) => {
            events.push(...more);
            return Promise.resolve();
          },
        },
        clock: { now: () => now, sleep: () => Promise.resolve() },
        log: silentLog,
      });
      return result;
    },
  };
}

describe('the targets of the load balancer', () => {
  let world: ReturnType<typeof createWorld>;
  const told = (): string[] =>
    world.events.map(({ detail }) =>
      'kind' in detail ? `${detail.kind}${detail.resolved ? ' over' : ''}` : '',
    );

  beforeEach(() => {
    world = createWorld();
    world.put('10.0.1.5', 'healthy');
    world.resolvesTo('10.0.1.5');
  });

  it('of one source that cannot be looked at keep no other from it, and fail the run at its end', async () => {
    world.resolvesTo('10.0.2.9');
    await expect(world.run([{ source: 'lost', arn: 'arn:lost' }, ...groups])).rejects.toThrow(
      'no such group',
    );
    expect(world.addresses()).toEqual(['10.0.1.5', '10.0.2.9']);
  });

  it('stay as they are while the name leads to them', async () => {
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    expect(world.events).toEqual([]);
  });

  it('get the new address in one run and lose the old one in a later run, when the new one is healthy', async () => {
    world.resolvesTo('10.0.2.9');
    expect(await world.run()).toMatchObject({ outcome: 'added', added: ['10.0.2.9'] });
    expect(world.addresses()).toEqual(['10.0.1.5', '10.0.2.9']);
    expect(await world.run()).toMatchObject({ outcome: 'unchanged' });
    expect(world.addresses()).toEqual(['10.0.1.5', '10.0.2.9']);
    world.put('10.0.2.9', 'healthy');
    expect(await world.run()).toMatchObject({ outcome: 'removed', removed: ['10.0.1.5'] });
    expect(world.addresses()).toEqual(['10.0.2.9']);
    expect(told()).toEqual(['targets-changed', 'targets-changed']);
  });

  it('are called fit by check-target-health all through a fail-over, because one healthy target stays', async () => {
    const judged = () => {
      const loadBalancer = healthyLoadBalancer();
      const targetGroups = loadBalancer.targetGroups.map((group) => ({ ...group, targets: world.targets() }));
      return summarize(judgeTargets([{ ...loadBalancer, crossZone: true, targetGroups }]));
    };
    world.resolvesTo('10.0.2.9');
    await world.run();
    expect(judged().status).toBe('warning');
    expect(judged().findings.find(({ check }) => check === 'targets.health')?.summary).toContain('10.0.2.9');
    world.put('10.0.2.9', 'healthy');
    expect(judged().status).toBe('ok');
    await world.run();
    expect(judged().status).toBe('ok');
  });

  it('lose an old Aurora writer that lives on as a healthy reader', async () => {
    world.put('10.0.2.9', 'healthy');
    world.resolvesTo('10.0.2.9');
    await world.run();
    expect(world.addresses()).toEqual(['10.0.2.9']);
  });

  it.each([
    ['fails', () => world.resolutionFails()],
    ['is empty', () => world.resolvesTo()],
  ])('do not change when the DNS answer %s', async (_, break_) => {
    break_();
    await world.run();
    expect(world.addresses()).toEqual(['10.0.1.5']);
  });

  it('never get an address outside of the VPC and the configured ranges', async () => {
    world.resolvesTo('203.0.113.7');
    expect(await world.run()).toMatchObject({ outcome: 'unchanged', refused: ['203.0.113.7'] });
    expect(world.addresses()).toEqual(['10.0.1.5']);
    world.resolvesTo('192.168.7.20');
    expect(await world.run()).toMatchObject({ added: ['192.168.7.20'] });
  });

  it('do not count a draining target as registered', async () => {
    world.put('10.0.1.5', 'draining');
    expect(await world.run()).toMatchObject({ outcome: 'added', added: ['10.0.1.5'] });
  });

  it('tell once of a name that leads nowhere for five minutes, and when that is over', async () => {
    world.resolutionFails();
    await world.run();
    expect(told()).toEqual([]);
    world.pass(5);
    await world.run();
    world.pass(1);
    await world.run();
    expect(told()).toEqual(['targets-unhealthy']);
    world.resolvesTo('10.0.1.5');
    await world.run();
    await world.run();
    expect(told()).toEqual(['targets-unhealthy', 'targets-unhealthy over']);
  });
});
