import { expect, test } from 'vitest';
import { UnavailableError } from '../../shared/errors.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import {
  createEndpointWorld,
  fivetran,
  healthyLoadBalancer,
  machine,
  serviceId,
  stranger,
  type EndpointWorld,
} from '../../tests/support/endpoint-world.ts';
import { validateEndpoint } from './validate-endpoint.ts';

type Verdict = 'act' | 'ignore' | 'hold' | 'wait';

/** One way that a check can go: how it comes about, and what it alone would lead to. */
interface Way {
  name: string;
  verdict: Verdict;
  set: (world: EndpointWorld, connection: Partial<EndpointConnection>) => void;
}

const fine = (name: string): Way => ({ name, verdict: 'act', set: () => undefined });
const state = (wire: EndpointConnection['state'], verdict: Verdict): Way => ({
  name: wire,
  verdict,
  set: (_, connection) => void Object.assign(connection, { state: wire, wireState: wire }),
});
const unhealthy = () => {
  const loadBalancer = healthyLoadBalancer();
  loadBalancer.targetGroups[0]!.targets[0]!.state = 'unhealthy';
  return [loadBalancer];
};

/** Every check with the ways that matter; the first way of each is fine. */
const checks: { check: number; byHandOverrides: boolean; ways: Way[] }[] = [
  {
    check: 1,
    byHandOverrides: false,
    ways: [
      fine('tagged'),
      { name: 'not tagged', verdict: 'ignore', set: ({ state }) => void (state.service.tags = {}) },
      {
        name: 'tagged otherwise',
        verdict: 'ignore',
        set: ({ state }) => void (state.service.tags = { 'fivetran-privatelink': 'manual' }),
      },
    ],
  },
  {
    check: 2,
    byHandOverrides: false,
    ways: [
      fine('pendingAcceptance'),
      state('available', 'ignore'),
      state('pending', 'ignore'),
      state('rejected', 'ignore'),
      state('deleting', 'ignore'),
      state('deleted', 'ignore'),
      state('expired', 'ignore'),
      state('failed', 'ignore'),
      state('unknown', 'hold'),
    ],
  },
  {
    check: 3,
    byHandOverrides: true,
    ways: [
      fine("Fivetran's account"),
      {
        name: "a stranger's account",
        verdict: 'hold',
        set: (_, connection) => void (connection.ownerAccount = stranger),
      },
      { name: 'no account', verdict: 'hold', set: (_, connection) => void (connection.ownerAccount = '') },
    ],
  },
  {
    check: 4,
    byHandOverrides: false,
    ways: [
      fine('sound'),
      {
        name: 'acceptance off',
        verdict: 'hold',
        set: ({ state }) => void (state.service.acceptanceRequired = false),
      },
      { name: 'deleting', verdict: 'hold', set: ({ state }) => void (state.service.state = 'deleting') },
      {
        name: 'open to all',
        verdict: 'hold',
        set: ({ state }) => void (state.principals = [`arn:aws:iam::${fivetran}:root`, '*']),
      },
      {
        name: 'closed to Fivetran',
        verdict: 'hold',
        set: ({ state }) => void (state.principals = [`arn:aws:iam::${stranger}:root`]),
      },
    ],
  },
  {
    check: 5,
    byHandOverrides: true,
    ways: [
      fine('here'),
      {
        // The private link is there too, so that the Region alone decides.
        name: 'in another Region',
        verdict: 'hold',
        set: ({ state }, connection) => {
          connection.region = 'eu-west-1';
          state.links = state.links.map((link) => ({ ...link, region: 'AWS_EU_WEST_1' }));
        },
      },
    ],
  },
  {
    check: 6,
    byHandOverrides: true,
    ways: [
      fine('claimed'),
      { name: 'not claimed', verdict: 'hold', set: ({ state }) => void (state.links = []) },
      {
        name: 'Fivetran silent',
        verdict: 'wait',
        set: ({ state }) => void (state.fivetranFails = new UnavailableError('Fivetran is down.')),
      },
    ],
  },
  {
    check: 7,
    byHandOverrides: true,
    ways: [
      fine('healthy'),
      {
        name: 'not healthy yet',
        verdict: 'wait',
        set: ({ state }) => void (state.loadBalancers = unhealthy()),
      },
      { name: 'no load balancer', verdict: 'wait', set: ({ state }) => void (state.loadBalancers = []) },
    ],
  },
];

/** One way for each check, in every combination. */
function combinations(): Way[][] {
  return checks.reduce<Way[][]>(
    (sofar, { ways }) => sofar.flatMap((chosen) => ways.map((way) => [...chosen, way])),
    [[]],
  );
}

/** What the design says, in other words than the code: ignoring outweighs holding, holding outweighs waiting. */
function expected(ways: readonly Way[], byHand: boolean): Verdict {
  const [managed, state] = ways;
  if (managed!.verdict === 'ignore' || state!.verdict === 'ignore') return 'ignore';
  const counting = ways.filter((_, index) => !(byHand && checks[index]!.byHandOverrides));
  if (counting.some(({ verdict }) => verdict === 'hold')) return 'hold';
  return counting.some(({ verdict }) => verdict === 'wait') ? 'wait' : 'act';
}

test.each([
  { who: 'by itself', byHand: false },
  { who: 'by hand', byHand: true },
])('accepts $who exactly the combinations of the seven checks that the design allows', async ({ byHand }) => {
  const wrong: string[] = [];
  let accepted = 0;
  const all = combinations();
  for (const ways of all) {
    const world = createEndpointWorld();
    const connection: Partial<EndpointConnection> = {};
    world.link('pl_one');
    for (const way of ways) way.set(world, connection);
    const { endpointId, ownerAccount } = world.request(1, connection);
    if (byHand && ownerAccount === '') continue;
    const decision = await validateEndpoint(
      {
        request: byHand
          ? { serviceId, endpointId, action: 'accept', ownerAccount, approvedBy: 'Ada', reason: 'asked for' }
          : { serviceId, endpointId },
        machine,
        since: world.state.now.toISOString(),
      },
      world.dependencies,
    );
    if (decision.decision === 'act') accepted += 1;
    const names = ways.map(({ name }) => name).join(', ');
    if (decision.decision !== expected(ways, byHand)) {
      wrong.push(`${names}: ${decision.decision} instead of ${expected(ways, byHand)}`);
    }
    if ((decision.order !== undefined) !== (decision.decision === 'act')) wrong.push(`${names}: order`);
    // Every check that stands against it is named, unless an earlier one makes the request nobody's business.
    if (decision.decision === 'hold' && !byHand) {
      const named = new Set(decision.reasons.map(({ check }) => check));
      const against = ways.flatMap(({ verdict }, index) => (verdict === 'act' ? [] : [index + 1]));
      if (against.some((check) => !named.has(check))) wrong.push(`${names}: names only ${[...named].join()}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(all.length).toBe(3 * 9 * 3 * 5 * 2 * 3 * 3);
  // By itself only one combination of all is right; by hand those that differ in 3, 5, 6 and 7 are too.
  expect(accepted).toBe(byHand ? 2 * 2 * 3 * 3 : 1);
});

test('a held request is told again when the step that noted it is run again, and not by the next execution', async () => {
  const world = createEndpointWorld();
  const { endpointId } = world.request(1, { ownerAccount: stranger });
  const ask = (since: string) =>
    validateEndpoint({ request: { serviceId, endpointId }, machine, since }, world.dependencies);
  expect(await ask('2026-11-22T10:00:00.000Z')).toMatchObject({ decision: 'hold', repeated: false });
  // Step Functions lost the answer of the first try and asks the function again: nobody was told yet.
  expect(await ask('2026-11-22T10:00:00.000Z')).toMatchObject({ decision: 'hold', repeated: false });
  expect(await ask('2026-11-22T10:05:00.000Z')).toMatchObject({ decision: 'hold', repeated: true });
});
