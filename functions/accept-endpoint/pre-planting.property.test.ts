import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createEndpointWorld,
  execution,
  fivetran,
  machine,
  serviceId,
} from '../../tests/support/endpoint-world.ts';
import { reconcileEndpoints } from '../reconcile-endpoints/reconcile-endpoints.ts';
import { validateEndpoint } from '../validate-endpoint/validate-endpoint.ts';
import { acceptEndpoint } from './accept-endpoint.ts';

type Action =
  | { do: 'pass'; minutes: number }
  | { do: 'link'; link: number; state: 'UPDATING' | 'OK' | 'FAIL' }
  | { do: 'expect' }
  | { do: 'request' }
  | { do: 'look' | 'reject' | 'delete'; request: number }
  | { do: 'prove'; link: number };

const which = fc.nat({ max: 3 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass'), minutes: fc.constantFrom(1, 8, 15, 600, 3_000) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('link'),
      link: fc.nat({ max: 1 }),
      state: fc.constantFrom('UPDATING', 'OK', 'FAIL'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expect') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('request') }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('look'), request: which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('reject', 'delete'), request: which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('prove'), link: fc.nat({ max: 1 }) }) },
);

/** Plays the actions, and keeps by itself since when every claim could be used. */
async function play(actions: readonly Action[]) {
  const world = createEndpointWorld();
  const freeSince = new Map<string, number>();
  const grants: { claim: string; lateByMinutes: number }[] = [];
  let expectations = 0;
  const now = () => world.state.now.getTime();
  const free = (claim: string) => void freeSince.set(claim, now());
  const isOpen = ({ state, createdAt }: { state: string; createdAt: string }) =>
    state === 'CREATING' ||
    state === 'UPDATING' ||
    (state === 'OK' && now() - Date.parse(createdAt) < 72 * 3_600_000);

  const bindings = async () =>
    (await world.registers.read(serviceId)).bindings.flatMap(({ claim, ...binding }) =>
      claim.kind === 'approval'
        ? []
        : [{ ...binding, claim: claim.kind === 'private-link' ? claim.privateLinkId : claim.expectationId }],
    );
  /** Does it, and looks which claims it used, and which it set free. */
  const watch = async (act: () => Promise<unknown>) => {
    const before = await bindings();
    await act();
    const after = await bindings();
    for (const { claim, endpointCreatedAt } of after.slice(before.length)) {
      const lateByMinutes = (freeSince.get(claim)! - Date.parse(endpointCreatedAt)) / 60_000;
      grants.push({ claim, lateByMinutes });
    }
    for (const [index, { claim, releasedAt }] of after.entries()) {
      if (releasedAt !== undefined && before[index]?.releasedAt === undefined) free(claim);
    }
  };
  const ask = async (endpointId: string, action?: 'reject') => {
    const { order } = await validateEndpoint(
      {
        request: {
          serviceId,
          endpointId,
          ...(action === undefined
            ? {}
            : { action, ownerAccount: fivetran, approvedBy: 'Ada', reason: 'not ours' }),
        },
        machine,
        since: world.state.now.toISOString(),
      },
      world.dependencies,
    );
    if (order !== undefined) await acceptEndpoint({ order, execution }, world.dependencies);
  };

  for (const action of actions) {
    const chosen = 'request' in action ? world.state.connections[action.request]?.endpointId : undefined;
    switch (action.do) {
      case 'pass':
        world.pass(action.minutes);
        break;
      case 'link': {
        const id = `pl_${String(action.link)}`;
        const known = world.state.links.find((link) => link.id === id);
        // Changing a link is a matter of minutes.
        world.pass(11);
        if (known === undefined) world.link(id);
        if (known === undefined || (!isOpen(known) && isOpen({ ...known, state: action.state }))) free(id);
        if (known !== undefined) known.state = action.state;
        break;
      }
      case 'expect': {
        expectations += 1;
        const name = `expectation-${String(expectations)}`;
        await acceptEndpoint(
          {
            order: { do: 'expect', serviceId, by: 'Ada', reason: 'ticket 7', days: 7 },
            execution: `arn:aws:states:us-east-1:111122223333:execution:accept-endpoint:${name}`,
          },
          world.dependencies,
        );
        free(name);
        break;
      }
      case 'request': {
        // Whoever asks is looked at when AWS tells of it.
        const { endpointId } = world.request(world.state.connections.length + 1);
        await watch(() => ask(endpointId));
        break;
      }
      case 'look':
        if (chosen !== undefined) await watch(() => ask(chosen));
        break;
      case 'reject':
        if (chosen !== undefined) await watch(() => ask(chosen, 'reject'));
        break;
      case 'delete':
        if (chosen !== undefined) world.moveTo(chosen, 'deleted');
        await watch(() => reconcileEndpoints(world.dependencies));
        break;
      case 'prove':
        await world.registers.recordProof({
          privateLinkId: `pl_${String(action.link)}`,
          serviceId,
          connectionId: 'one',
        });
        break;
    }
  }
  return grants;
}

test('no request is granted a claim that came free more than 10 minutes after the request was made', async () => {
  let granted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 30, size: 'max' }), async (actions) => {
      for (const { lateByMinutes } of await play(actions)) {
        granted += 1;
        expect(lateByMinutes).toBeLessThanOrEqual(10);
      }
    }),
    { numRuns: 300 },
  );
  // Whoever grants nothing keeps the promise too.
  expect(granted).toBeGreaterThan(100);
}, 120_000);
