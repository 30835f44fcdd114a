import { describe, expect, test } from 'vitest';
import type { Acceptance, EndpointDecision, Order } from '../../shared/contracts/endpoint-decision.ts';
import { UnavailableError } from '../../shared/errors.ts';
import {
  createEndpointWorld,
  execution,
  fivetran,
  machine,
  serviceId,
  stranger,
  type EndpointWorld,
} from '../../tests/support/endpoint-world.ts';
import { reconcileEndpoints } from '../reconcile-endpoints/reconcile-endpoints.ts';
import { validateEndpoint } from '../validate-endpoint/validate-endpoint.ts';
import { acceptEndpoint } from './accept-endpoint.ts';

/** Validates by the rules, or by hand. */
const validate = (
  world: EndpointWorld,
  endpointId: string,
  byHand?: { action: 'accept' | 'reject' | 'adopt'; ownerAccount?: string },
): Promise<EndpointDecision> =>
  validateEndpoint(
    {
      request:
        byHand === undefined
          ? { serviceId, endpointId }
          : {
              serviceId,
              endpointId,
              action: byHand.action,
              ownerAccount: byHand.ownerAccount ?? fivetran,
              approvedBy: 'Ada',
              reason: 'ticket 7',
            },
      machine,
      since: world.state.now.toISOString(),
    },
    world.dependencies,
  );

/** Carries out what was decided, when there is something to carry out. */
const carryOut = (world: EndpointWorld, decision: EndpointDecision, by = execution): Promise<Acceptance> =>
  acceptEndpoint({ order: decision.order!, execution: by }, world.dependencies);

const expectEndpoint = (world: EndpointWorld, name = 'expectation'): Promise<Acceptance> =>
  acceptEndpoint(
    {
      order: { do: 'expect', serviceId, by: 'Ada', reason: 'ticket 7', days: 7 },
      execution: `arn:aws:states:us-east-1:111122223333:execution:accept-endpoint:${name}`,
    },
    world.dependencies,
  );

const codes = ({ reasons }: EndpointDecision): string[] => reasons.map(({ code }) => code);

describe('an endpoint that we asked for', () => {
  test('is accepted, tagged with when, by which execution and why, and bound to the private link', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);

    const acceptance = await carryOut(world, await validate(world, endpointId));

    expect(acceptance).toMatchObject({
      outcome: 'available',
      privateLinkId: 'pl_one',
      ownerAccount: fivetran,
    });
    expect(world.seen.accepted).toEqual([endpointId]);
    expect(world.seen.tags).toEqual([
      {
        'fivetran-privatelink-accepted-at': '2026-11-22T10:00:00.000Z',
        'fivetran-privatelink-accepted-by': execution,
        'fivetran-privatelink-accepted-why': 'private link pl_one of our Fivetran account asked for it',
      },
    ]);
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toMatchObject({
      endpointId,
      boundBy: execution,
    });
  });

  test('is accepted against an expectation, which serves one endpoint only', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world);
    const first = world.request(1);
    await expect(carryOut(world, await validate(world, first.endpointId))).resolves.toMatchObject({
      outcome: 'available',
      privateLinkId: '',
    });
    await world.registers.change(serviceId, (register) => ({
      register: {
        ...register,
        bindings: register.bindings.map((each) => ({ ...each, provenAt: each.boundAt })),
      },
      answer: undefined,
    }));

    const second = await validate(world, world.request(2).endpointId);
    expect(second.decision).toBe('hold');
    expect(codes(second)).toEqual(['claim-missing']);
    expect(second.summary).toContain(`the expectation of Ada served ${first.endpointId}`);
  });

  test('is asked for once more when it was accepted but not tagged, and stays accepted', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    await carryOut(world, decision);

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'available' });
    expect(world.seen.accepted).toEqual([endpointId]);
  });
});

describe('an acceptance that is carried out again', () => {
  test('stays one when its private link has gone on or away meanwhile', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    await carryOut(world, decision);
    world.state.links = [];

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'available' });
    expect(world.seen.accepted).toEqual([endpointId]);
  });

  test('is not needed because of tags: an endpoint that could not be tagged is accepted', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    world.dependencies.privateLink.tag = () => Promise.reject(new UnavailableError('Throttled.'));

    await expect(carryOut(world, await validate(world, endpointId))).resolves.toMatchObject({
      outcome: 'available',
    });
    expect(world.seen.logs).toContain('NOT_TAGGED');
  });

  test('an endpoint that EC2 accepted and does not list for a moment is pending, and stays bound', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    world.dependencies.privateLink.connections = () => Promise.resolve([]);

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'pending' });
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toMatchObject({ endpointId });
  });
});

describe('attacks', () => {
  test('pre-planted request: one that was there more than 10 minutes before our link is held', async () => {
    const world = createEndpointWorld();
    const planted = world.request(1);
    world.pass(11);
    world.link('pl_one');

    const decision = await validate(world, planted.endpointId);
    expect(decision.decision).toBe('hold');
    expect(codes(decision)).toEqual(['claim-pre-planted']);

    // Ours, made after the link, is not kept from it.
    const ours = world.request(2);
    expect((await validate(world, ours.endpointId)).decision).toBe('act');
  });

  test.each(['CREATING', 'OK'])(
    'pre-planted request: a link (%s) that its endpoint left is not for one that was there before',
    async (state) => {
      const world = createEndpointWorld();
      world.link('pl_one', { state });
      const first = world.request(1);
      await carryOut(world, await validate(world, first.endpointId));
      await world.registers.recordProof({ privateLinkId: 'pl_one', serviceId, connectionId: 'one' });
      world.pass(4 * 60);
      const planted = world.request(2);
      expect(codes(await validate(world, planted.endpointId))).toEqual(['claim-missing']);
      world.pass(20 * 60);
      world.moveTo(first.endpointId, 'deleted');
      await reconcileEndpoints(world.dependencies);

      const decision = await validate(world, planted.endpointId);
      expect(decision.decision).toBe('hold');
      expect(codes(decision)).toEqual(['claim-pre-planted']);

      // The endpoint that Fivetran makes in its place is ours.
      expect((await validate(world, world.request(3).endpointId)).decision).toBe('act');
    },
  );

  test('pre-planted request: a claim that comes free between validate and accept holds it too', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const planted = world.request(1);
    const decision = await validate(world, planted.endpointId);
    const other = world.request(2);
    await acceptEndpoint(
      {
        order: { ...(decision.order as Extract<Order, { do: 'accept' }>), endpointId: other.endpointId },
        execution,
      },
      world.dependencies,
    );
    world.pass(11);
    world.moveTo(other.endpointId, 'deleted');
    await reconcileEndpoints(world.dependencies);

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'held' });
    expect(world.seen.accepted).toEqual([other.endpointId]);
  });

  test('an expectation whose endpoint the operator rejected is spent', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world);
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));
    await carryOut(world, await validate(world, endpointId, { action: 'reject' }));

    const next = await validate(world, world.request(2).endpointId);
    expect(codes(next)).toEqual(['claim-missing']);
    expect(next.summary).toContain(`the expectation of Ada served ${endpointId}`);
  });

  test('an expectation whose endpoint went by itself waits for the one that takes its place', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world);
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));
    world.moveTo(endpointId, 'deleted');
    await reconcileEndpoints(world.dependencies);

    expect((await validate(world, world.request(2).endpointId)).decision).toBe('act');
  });

  test('a link that is changed a year later is no claim for what was planted months ago', async () => {
    const world = createEndpointWorld();
    world.link('pl_one', { state: 'OK' });
    world.pass(180 * 24 * 60);
    const planted = world.request(1);
    world.pass(180 * 24 * 60);
    world.state.links = world.state.links.map((link) => ({ ...link, state: 'UPDATING' }));
    const ours = world.request(2);

    expect(codes(await validate(world, planted.endpointId))).toEqual(['claim-pre-planted']);
    expect((await validate(world, ours.endpointId)).decision).toBe('act');

    // While the targets are waited for the link stays in sight, and the request stays ours.
    world.pass(9);
    expect((await validate(world, ours.endpointId)).decision).toBe('act');
    world.pass(9);
    expect((await validate(world, ours.endpointId)).decision).toBe('act');
    world.pass(11);
    expect(codes(await validate(world, ours.endpointId))).toEqual(['claim-pre-planted']);
  });

  test('two requests for one claim: both are held', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const one = world.request(1);
    const two = world.request(2);

    for (const { endpointId } of [one, two]) {
      const decision = await validate(world, endpointId);
      expect(decision).toMatchObject({ decision: 'hold', severity: 'critical' });
      expect(codes(decision)).toEqual(['claim-contested']);
      expect(decision.summary).toContain(one.endpointId);
      expect(decision.summary).toContain(two.endpointId);
    }
    expect(world.seen.accepted).toEqual([]);
  });

  test("two requests for one claim: the link's host tells ours from the other", async () => {
    const world = createEndpointWorld();
    const ours = world.request(1);
    const other = world.request(2);
    world.link('pl_one', { host: ours.dnsNames[0]!.toUpperCase() });

    expect((await validate(world, ours.endpointId)).decision).toBe('act');
    expect(codes(await validate(world, other.endpointId))).toEqual(['claim-missing']);
  });

  test("two requests for one claim: a host that leads to our request's name by DNS tells it too", async () => {
    const world = createEndpointWorld();
    const ours = world.request(1);
    world.request(2);
    world.link('pl_one', { host: 'pl-one.fivetran.example' });
    world.dependencies.hostNames = (host) =>
      Promise.resolve(host === 'pl-one.fivetran.example' ? [`${ours.dnsNames[0]!}.`] : []);

    expect((await validate(world, ours.endpointId)).decision).toBe('act');
  });

  test('race of two executions: one binds the claim, the other is held', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const one = world.request(1);
    const decisionOne = await validate(world, one.endpointId);
    // The first request vanishes from the list for a moment, so that the second is validated alone.
    const listed = world.state.connections;
    world.state.connections = [];
    const two = world.request(2);
    const decisionTwo = await validate(world, two.endpointId);
    world.state.connections = [...listed, two];
    expect([decisionOne.decision, decisionTwo.decision]).toEqual(['act', 'act']);

    const outcomes = await Promise.all([carryOut(world, decisionOne), carryOut(world, decisionTwo)]);

    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['available', 'held']);
    expect(world.seen.accepted).toHaveLength(1);
  });

  test('race of two executions: a second one for the same request is harmless', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const [first, second] = await Promise.all([validate(world, endpointId), validate(world, endpointId)]);
    const outcomes = await Promise.all([carryOut(world, first), carryOut(world, second, `${execution}-two`)]);

    // Only one of them goes on, so that nothing is tested, started or told twice.
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['available', 'followed']);
    expect(world.seen.tags).toHaveLength(1);
    expect(world.seen.accepted).toEqual([endpointId]);
    const { bindings } = await world.registers.read(serviceId);
    expect(bindings).toHaveLength(1);
  });

  test.each(['FAIL', 'DESTROYING', 'SOMETHING_NEW'])('a link that is %s is no claim', async (state) => {
    const world = createEndpointWorld();
    world.link('pl_one', { state });
    const decision = await validate(world, world.request(1).endpointId);
    expect(codes(decision)).toEqual(['claim-missing']);
    expect(decision.summary).toContain(`private link pl_one is ${state}`);
  });

  test('a link that has been OK for longer than the claim window is no claim', async () => {
    const world = createEndpointWorld();
    world.link('pl_one', { state: 'OK' });
    world.pass(71 * 60);
    const { endpointId } = world.request(1);
    expect((await validate(world, endpointId)).decision).toBe('act');
    world.pass(60);
    expect(codes(await validate(world, endpointId))).toEqual(['claim-missing']);
  });

  test('a destination link with the same service name is no claim', async () => {
    const world = createEndpointWorld();
    world.link('pl_one', { service: 'DATABRICKS_AWS' });
    const decision = await validate(world, world.request(1).endpointId);
    expect(codes(decision)).toEqual(['claim-missing']);
    expect(decision.summary).toContain('DATABRICKS_AWS');
  });

  test.each([
    {
      why: "another service's name",
      change: { serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0000000000000000f' },
    },
    { why: 'no service name', change: { serviceName: '' } },
    { why: 'another Region', change: { region: 'AWS_EU_WEST_1' } },
    { why: 'a Region of another form', change: { region: 'us-east-1' } },
    { why: 'no readable creation time', change: { createdAt: '' } },
  ])('a link with $why is no claim', async ({ change }) => {
    const world = createEndpointWorld();
    world.link('pl_one', change);
    expect((await validate(world, world.request(1).endpointId)).decision).toBe('hold');
  });

  test('an expired expectation is no claim, nor is a withdrawn one', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world);
    world.pass(7 * 24 * 60);
    const late = world.request(1);
    const decision = await validate(world, late.endpointId);
    expect(codes(decision)).toEqual(['claim-missing']);
    expect(decision.summary).toContain('expired');

    await expectEndpoint(world, 'another');
    await acceptEndpoint(
      { order: { do: 'withdraw', serviceId, expectationId: 'another', by: 'Ada' }, execution },
      world.dependencies,
    );
    const withdrawn = await validate(world, world.request(2).endpointId);
    expect(withdrawn.summary).toContain('withdrawn');
    expect(withdrawn.decision).toBe('hold');
  });

  test('an expectation that is withdrawn between validate and accept holds the request', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world, 'taken-back');
    const decision = await validate(world, world.request(1).endpointId);
    await acceptEndpoint(
      { order: { do: 'withdraw', serviceId, expectationId: 'taken-back', by: 'Ada' }, execution },
      world.dependencies,
    );
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'held' });
    expect(world.seen.accepted).toEqual([]);
  });

  test('a replayed event finds the endpoint accepted and changes nothing', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));
    const before = await world.registers.read(serviceId);

    const replayed = await validate(world, endpointId);
    expect(replayed.decision).toBe('ignore');
    expect(codes(replayed)).toEqual(['already-accepted']);
    await expect(world.registers.read(serviceId)).resolves.toEqual(before);
  });

  test('a wildcard principal holds every request, whoever made it', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    world.state.principals = ['*', `arn:aws:iam::${fivetran}:root`];
    const decision = await validate(world, world.request(1).endpointId);
    expect(decision).toMatchObject({ decision: 'hold', severity: 'critical' });
    expect(codes(decision)).toEqual(['principal-wildcard']);
  });

  test('acceptance switched off holds every request', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    world.state.service = { ...world.state.service, acceptanceRequired: false };
    const decision = await validate(world, world.request(1).endpointId);
    expect(decision).toMatchObject({ decision: 'hold', severity: 'critical' });
    expect(codes(decision)).toEqual(['acceptance-off']);
  });

  test('our link removed between validate and accept: nothing is bound, nothing accepted, and the request held', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    world.state.links = [];

    const acceptance = await carryOut(world, decision);
    expect(acceptance).toMatchObject({ outcome: 'held', ownerAccount: fivetran });
    expect(acceptance.summary).toContain('pl_one was removed');
    expect(world.seen.accepted).toEqual([]);
    await expect(world.registers.bindingOfService(serviceId)).resolves.toBeUndefined();
  });

  test('our link destroyed between validate and accept holds the request too', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const decision = await validate(world, world.request(1).endpointId);
    world.state.links = world.state.links.map((link) => ({ ...link, state: 'DESTROYING' }));
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'held' });
  });

  test("a stranger's request that an operator's mistake allowed is held, with the owner named", async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    world.state.principals = [...world.state.principals, `arn:aws:iam::${stranger}:root`];
    const decision = await validate(world, world.request(1, { ownerAccount: stranger }).endpointId);
    expect(decision).toMatchObject({ decision: 'hold', ownerAccount: stranger });
    expect(codes(decision)).toEqual(['owner-not-fivetran']);
  });

  test("a stranger's request does not compete with Fivetran's", async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    world.request(1, { ownerAccount: stranger });
    expect((await validate(world, world.request(2).endpointId)).decision).toBe('act');
  });

  test('a second eligible request before the first is proven is critical and names both and the command', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const first = world.request(1);
    await carryOut(world, await validate(world, first.endpointId));

    const second = await validate(world, world.request(2).endpointId);
    expect(second).toMatchObject({ decision: 'hold', severity: 'critical' });
    expect(codes(second)).toEqual(['second-request']);
    expect(second.summary).toContain(first.endpointId);
    expect(second.remedy).toContain(`"endpointId":"${first.endpointId}","action":"reject"`);

    // Once the first is proven, the second is an ordinary request without a claim.
    await world.registers.recordProof({ privateLinkId: 'pl_one', serviceId, connectionId: 'one' });
    expect(codes(await validate(world, world.state.connections[1]!.endpointId))).toEqual(['claim-missing']);
  });

  test('a link that serves an endpoint of another service is no claim here', async () => {
    const world = createEndpointWorld();
    const other = 'vpce-svc-0000000000000000f';
    await world.registers.change(other, (register) => ({
      register: {
        ...register,
        bindings: [
          {
            serviceId: other,
            endpointId: 'vpce-0000000000000000f',
            ownerAccount: fivetran,
            endpointCreatedAt: world.state.now.toISOString(),
            claim: { kind: 'private-link', privateLinkId: 'pl_one' },
            boundAt: world.state.now.toISOString(),
            boundBy: execution,
          },
        ],
      },
      answer: undefined,
    }));
    world.link('pl_one', { state: 'UPDATING' });
    const decision = await validate(world, world.request(1).endpointId);
    expect(decision.decision).toBe('hold');
    expect(decision.summary).toContain('serves vpce-0000000000000000f already');
  });
});

describe('Fivetran that cannot be asked', () => {
  test('makes the request wait, and holds it once that has lasted too long', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    world.state.fivetranFails = new UnavailableError('Fivetran is down.');
    const since = world.state.now.toISOString();
    const ask = () =>
      validateEndpoint({ request: { serviceId, endpointId }, machine, since }, world.dependencies);

    expect(await ask()).toMatchObject({ decision: 'wait', waitSeconds: 1 });
    world.pass(2);
    expect(await ask()).toMatchObject({ decision: 'wait', waitSeconds: 30 });
    world.pass(28);
    expect(await ask()).toMatchObject({ decision: 'hold' });
  });

  test('right before the acceptance stops it with an error that is retried, and nothing is bound', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const decision = await validate(world, world.request(1).endpointId);
    world.state.fivetranFails = new UnavailableError('Fivetran is down.');
    await expect(carryOut(world, decision)).rejects.toThrow(UnavailableError);
    await expect(world.registers.bindingOfService(serviceId)).resolves.toBeUndefined();
  });
});

describe('races', () => {
  test('somebody accepts between validate and accept: already accepted is success', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    world.moveTo(endpointId, 'pending');

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'pending' });
    await expect(world.registers.bindingOfService(serviceId)).resolves.toMatchObject({ endpointId });
  });

  test('the consumer deletes meanwhile: the claim is free again and nobody is told', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    world.state.beforeAccept = () => world.moveTo(endpointId, 'deleted');

    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'gone' });
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toBeUndefined();
    world.state.beforeAccept = undefined;
    const again = world.request(2);
    expect((await validate(world, again.endpointId)).decision).toBe('act');
  });

  test('throttling inside the answer is an error that is retried, and the retry accepts once', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const decision = await validate(world, endpointId);
    world.state.refuses = { code: 'RequestLimitExceeded', message: 'Request limit exceeded.' };
    await expect(carryOut(world, decision)).rejects.toThrow(UnavailableError);

    world.state.refuses = undefined;
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'available' });
    expect(world.seen.accepted).toEqual([endpointId]);
    const { bindings } = await world.registers.read(serviceId);
    expect(bindings).toHaveLength(1);
  });

  test("EC2's refusal is an error that carries EC2's own code", async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const decision = await validate(world, world.request(1).endpointId);
    world.state.refuses = { code: 'InvalidVpcEndpointId.Whatever', message: 'No.' };
    await expect(carryOut(world, decision)).rejects.toMatchObject({
      name: 'EndpointRefusedError',
      message: expect.stringContaining('InvalidVpcEndpointId.Whatever: No.') as string,
    });
  });

  test('a lost ledger write is decided again on what is there now', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const decision = await validate(world, world.request(1).endpointId);
    world.state.beforeNextWrite = () =>
      world.registers.change(serviceId, (register) => ({
        register: {
          ...register,
          expectations: [
            {
              expectationId: 'meanwhile',
              recordedBy: 'Bob',
              reason: '',
              recordedAt: world.state.now.toISOString(),
              expiresAt: world.state.now.toISOString(),
            },
          ],
        },
        answer: undefined,
      }));
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'available' });
    const register = await world.registers.read(serviceId);
    expect(register.expectations).toHaveLength(1);
    expect(register.bindings).toHaveLength(1);
  });
});

describe('a decision by hand', () => {
  test('accepts a request that no claim covers, and vouches for it', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    expect((await validate(world, endpointId)).decision).toBe('hold');

    const decision = await validate(world, endpointId, { action: 'accept' });
    expect(decision.decision).toBe('act');
    expect(decision.findings[0]?.summary).toContain('Set aside by hand.');
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'available' });
    await expect(world.registers.bindingOfService(serviceId)).resolves.toMatchObject({
      provenBy: 'Ada vouched for it: ticket 7',
    });
    expect(world.seen.tags[0]?.['fivetran-privatelink-accepted-why']).toBe('Ada decided so: ticket 7');
  });

  test('names the private link that the endpoint most likely serves, so that its tests can run', async () => {
    const world = createEndpointWorld();
    world.link('pl_old', { state: 'OK', createdAt: '2026-01-01T00:00:00.000Z' });
    const { endpointId } = world.request(1);
    const acceptance = await carryOut(world, await validate(world, endpointId, { action: 'accept' }));
    expect(acceptance.privateLinkId).toBe('pl_old');
  });

  test('is refused when the owner is not repeated rightly', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1, { ownerAccount: stranger });
    await expect(validate(world, endpointId, { action: 'accept' })).rejects.toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringMatching(/^ownerAccount: .*999988887777/) as string,
    });
  });

  test('works while Fivetran refuses our key', async () => {
    const world = createEndpointWorld();
    world.state.fivetranFails = Object.assign(new Error('Fivetran refused the key.'), {
      name: 'AccessDeniedError',
    });
    const { endpointId } = world.request(1);
    await expect(validate(world, endpointId)).rejects.toThrow('Fivetran refused the key.');
    expect((await validate(world, endpointId, { action: 'accept' })).decision).toBe('act');
  });

  test('rejects a request, and cuts off an endpoint that was accepted, releasing its claim', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));

    const decision = await validate(world, endpointId, { action: 'reject' });
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'rejected' });
    expect(world.state.connections[0]?.state).toBe('rejected');
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toBeUndefined();
  });

  test('keeps the claim of an endpoint until EC2 has rejected it', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));
    const decision = await validate(world, endpointId, { action: 'reject' });
    world.dependencies.privateLink.reject = () => Promise.reject(new UnavailableError('Throttled.'));

    await expect(carryOut(world, decision)).rejects.toThrow('Throttled.');
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toMatchObject({ endpointId });

    // EC2 did it all the same: that is what was ordered, and no loss.
    world.moveTo(endpointId, 'rejected');
    await reconcileEndpoints(world.dependencies);
    expect(world.seen.events.filter(({ type }) => type === 'Endpoint Connection Lost')).toEqual([]);
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toBeUndefined();
  });

  test('to accept what was bound before is its proof', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    const byRules = await validate(world, endpointId);
    const byHand = await validate(world, endpointId, { action: 'accept' });
    await carryOut(world, byRules);
    await carryOut(world, byHand);

    const { bindings } = await world.registers.read(serviceId);
    expect(bindings).toMatchObject([
      { claim: { kind: 'private-link' }, provenBy: 'Ada vouched for it: ticket 7' },
    ]);
  });

  test('adopts an endpoint that was accepted before us', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1, { state: 'available' });
    const decision = await validate(world, endpointId, { action: 'adopt' });
    await expect(carryOut(world, decision)).resolves.toMatchObject({ outcome: 'recorded' });
    await expect(world.registers.bindingOfService(serviceId)).resolves.toMatchObject({
      endpointId,
      provenBy: 'Ada vouched for it: ticket 7',
    });
  });

  test('adopting an endpoint that nothing has proven yet is its proof', async () => {
    const world = createEndpointWorld();
    await expectEndpoint(world);
    const { endpointId } = world.request(1);
    await carryOut(world, await validate(world, endpointId));
    await carryOut(world, await validate(world, endpointId, { action: 'adopt' }));
    const { bindings } = await world.registers.read(serviceId);
    expect(bindings).toMatchObject([
      { claim: { kind: 'expectation' }, provenBy: 'Ada vouched for it: ticket 7' },
    ]);
  });

  test('does not adopt what still waits for acceptance', async () => {
    const world = createEndpointWorld();
    const decision = await validate(world, world.request(1).endpointId, { action: 'adopt' });
    expect(decision.decision).toBe('hold');
    expect(codes(decision)).toEqual(['not-accepted-yet']);
  });

  test('withdrawing an expectation that is not there names the field', async () => {
    const world = createEndpointWorld();
    await expect(
      acceptEndpoint(
        { order: { do: 'withdraw', serviceId, expectationId: 'none', by: 'Ada' }, execution },
        world.dependencies,
      ),
    ).rejects.toThrow(/^expectationId: /);
  });
});

test('a request that was held is not told of twice for the same reasons, and again for others', async () => {
  const world = createEndpointWorld();
  const { endpointId } = world.request(1);
  expect((await validate(world, endpointId)).repeated).toBe(false);
  world.pass(1);
  expect((await validate(world, endpointId)).repeated).toBe(true);
  world.state.principals = ['*', `arn:aws:iam::${fivetran}:root`];
  expect((await validate(world, endpointId)).repeated).toBe(false);
});

test('targets that are coming up are waited for, and hold the request after the deadline', async () => {
  const world = createEndpointWorld();
  world.link('pl_one');
  const { endpointId } = world.request(1);
  world.state.loadBalancers[0]!.targetGroups[0]!.targets[0]!.state = 'initial';
  const since = world.state.now.toISOString();
  const ask = () =>
    validateEndpoint({ request: { serviceId, endpointId }, machine, since }, world.dependencies);
  expect((await ask()).decision).toBe('wait');
  world.pass(30);
  const late = await ask();
  expect(late.decision).toBe('hold');
  expect(codes(late)).toEqual(['targets-not-ready']);
  // A later execution does not wait all over again.
  const next = await validate(world, endpointId);
  expect(next).toMatchObject({ decision: 'hold', repeated: true });
});

test('a request that EC2 does not list yet is waited for, and then ignored', async () => {
  const world = createEndpointWorld();
  const since = world.state.now.toISOString();
  const ask = () =>
    validateEndpoint(
      { request: { serviceId, endpointId: 'vpce-0000000000000000f' }, machine, since },
      world.dependencies,
    );
  expect(codes(await ask())).toEqual(['request-not-visible']);
  world.pass(2);
  expect(await ask()).toMatchObject({ decision: 'ignore' });
});

test('a service of another account is bad input that names the field', async () => {
  const world = createEndpointWorld();
  await expect(
    validateEndpoint(
      {
        request: { serviceId: 'vpce-svc-0000000000000000f', endpointId: 'vpce-0000000000000000f' },
        machine,
        since: world.state.now.toISOString(),
      },
      world.dependencies,
    ),
  ).rejects.toMatchObject({
    name: 'InvalidInputError',
    message: expect.stringMatching(/^serviceId: /) as string,
  });
});
