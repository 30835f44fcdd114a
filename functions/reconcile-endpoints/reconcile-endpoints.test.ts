import { describe, expect, test } from 'vitest';
import type { BusEvent } from '../../shared/clients/event-bus/event-bus.ts';
import type { Binding } from '../../shared/contracts/endpoint-register.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import { eventSource } from '../../shared/contracts/events.ts';
import {
  createEndpointWorld,
  endpointIdOf,
  execution,
  fivetran,
  machine,
  serviceId,
  stranger,
  type EndpointWorld,
} from '../../tests/support/endpoint-world.ts';
import { startOnCall } from '../../tests/support/on-call.ts';
import { acceptEndpoint } from '../accept-endpoint/accept-endpoint.ts';
import { validateEndpoint } from '../validate-endpoint/validate-endpoint.ts';
import { reconcileEndpoints } from './reconcile-endpoints.ts';

/** Reconciles once and gives the events that this put. */
async function reconcile(world: EndpointWorld) {
  const before = world.seen.events.length;
  await reconcileEndpoints(world.dependencies);
  return world.seen.events.slice(before);
}
/** As many rounds of five minutes; how many of them asked for a decision. */
async function rounds(
  world: EndpointWorld,
  count: number,
  decide?: (endpointId: string) => Promise<unknown>,
) {
  let asked = 0;
  for (let round = 0; round < count; round += 1) {
    world.pass(5);
    for (const { type, detail } of await reconcile(world)) {
      if (type !== 'Endpoint Connection Requested') continue;
      asked += 1;
      if ('endpointId' in detail) await decide?.(detail.endpointId);
    }
  }
  return asked;
}
const bound = (connection: EndpointConnection, change: Partial<Binding> = {}): Binding => ({
  serviceId,
  endpointId: connection.endpointId,
  ownerAccount: fivetran,
  endpointCreatedAt: connection.createdAt,
  claim: { kind: 'private-link', privateLinkId: 'pl_one' },
  boundAt: connection.createdAt,
  boundBy: execution,
  provenAt: connection.createdAt,
  ...change,
});
const bind = (world: EndpointWorld, binding: Binding) =>
  world.registers.change(serviceId, (register) => ({
    register: { ...register, bindings: [...register.bindings, binding] },
    answer: undefined,
  }));
/** All text of the message that on-call gets of an event. */
async function shownToOnCall({ type, detail }: BusEvent): Promise<string> {
  const onCall = await startOnCall();
  try {
    await onCall.invoke({
      id: 'one',
      time: onCall.clock.now().toISOString(),
      source: eventSource,
      'detail-type': type,
      detail,
    });
    return JSON.stringify(onCall.top()[0]?.blocks).replaceAll('\\"', '"');
  } finally {
    await onCall.stop();
  }
}
const rejectCommand = ({ endpointId, ownerAccount }: { endpointId: string; ownerAccount: string }): string =>
  `{"serviceId":"${serviceId}","endpointId":"${endpointId}","action":"reject","ownerAccount":"${ownerAccount}","approvedBy":"YOUR NAME","reason":"WHY"}`;
const decide = (world: EndpointWorld) => (endpointId: string) =>
  validateEndpoint(
    { request: { serviceId, endpointId }, machine, since: world.state.now.toISOString() },
    world.dependencies,
  );

describe('a pending request', () => {
  test('that is new is left to the notification, and asked about when none came', async () => {
    const world = createEndpointWorld();
    world.request(1);
    world.pass(1);
    expect(await reconcile(world)).toEqual([]);
    world.pass(5);
    expect(await reconcile(world)).toMatchObject([
      {
        type: 'Endpoint Connection Requested',
        detail: { endpointId: endpointIdOf(1), observedBy: 'reconciliation' },
      },
    ]);
  });

  test('that an execution waits with is not given to a second one', async () => {
    const world = createEndpointWorld();
    world.link('pl_one');
    const { endpointId } = world.request(1);
    world.state.loadBalancers = [];
    for (let minute = 0; minute < 20; minute += 1) {
      await decide(world)(endpointId);
      world.pass(1);
      if (minute % 5 === 4) expect(await reconcile(world)).toEqual([]);
    }
    // The execution died: somebody has to take it up.
    world.pass(5);
    expect(await reconcile(world)).toMatchObject([{ type: 'Endpoint Connection Requested' }]);
  });

  test('that is held is looked at again in growing intervals, a day at most', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    await decide(world)(endpointId);
    const day = 288;
    const perDay = [];
    for (let index = 0; index < 10; index += 1) perDay.push(await rounds(world, day, decide(world)));
    expect(perDay[0]).toBeLessThanOrEqual(8);
    expect(perDay.slice(2).every((looks) => looks <= 1)).toBe(true);
    expect(perDay.slice(2).reduce((sum, looks) => sum + looks, 0)).toBeGreaterThanOrEqual(6);
  });

  test('whose every execution fails is not started every five minutes either', async () => {
    const world = createEndpointWorld();
    world.request(1);
    expect(await rounds(world, 288)).toBeLessThanOrEqual(10);
  });

  test('that is held is looked at at once when a proof, a release or an expectation may have freed it', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1);
    await decide(world)(endpointId);
    world.pass(1);
    expect(await reconcile(world)).toEqual([]);
    await acceptEndpoint(
      { order: { do: 'expect', serviceId, by: 'Ada', reason: 'ticket 7', days: 1 }, execution },
      world.dependencies,
    );
    world.pass(1);
    expect(await reconcile(world)).toMatchObject([{ type: 'Endpoint Connection Requested' }]);
    expect(await reconcile(world)).toEqual([]);
    expect((await decide(world)(endpointId)).decision).toBe('act');
  });

  test('that was held and goes away closes what on-call was told', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1, { ownerAccount: stranger });
    await decide(world)(endpointId);
    world.state.connections = [];
    world.pass(5);
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-held', resolved: true, subject: { id: endpointId } } },
    ]);
    expect(await reconcile(world)).toEqual([]);
  });
});

describe('an accepted endpoint', () => {
  test.each([
    ['deleted', 'deleted'],
    ['deleting', 'deleting'],
    ['rejected', 'rejected'],
    ['failed', 'failed'],
    ['expired', 'expired'],
  ] as const)('that is %s is lost, told of once, and its claim is free', async (state, word) => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state });
    await bind(world, bound(connection));
    expect(await reconcile(world)).toMatchObject([
      { type: 'Endpoint Connection Lost', detail: { endpointId: connection.endpointId, state: word } },
    ]);
    expect(await reconcile(world)).toEqual([]);
    await expect(world.registers.bindingOfPrivateLink('pl_one')).resolves.toBeUndefined();
  });

  test('that is lost is taken back when another is connected in its place', async () => {
    const world = createEndpointWorld();
    const first = world.request(1, { state: 'deleted' });
    await bind(world, bound(first));
    expect(await reconcile(world)).toMatchObject([{ type: 'Endpoint Connection Lost' }]);
    world.pass(5);
    const second = world.request(2, { state: 'pending' });
    await bind(world, bound(second, { boundAt: world.state.now.toISOString() }));
    expect(await reconcile(world)).toEqual([]);
    world.state.connections = world.state.connections.map((connection) =>
      connection.endpointId === second.endpointId ? { ...connection, state: 'available' } : connection,
    );
    expect(await reconcile(world)).toMatchObject([
      {
        type: 'Attention',
        detail: { kind: 'endpoint-lost', resolved: true, subject: { id: first.endpointId } },
      },
    ]);
    expect(await reconcile(world)).toEqual([]);
  });

  test('that was rejected is taken back as lost when the same one is available again', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'rejected' });
    await bind(world, bound(connection));
    await reconcile(world);
    world.state.connections = [{ ...connection, state: 'available', wireState: 'available' }];
    expect(await reconcile(world)).toContainEqual(
      expect.objectContaining({
        type: 'Attention',
        detail: expect.objectContaining({ kind: 'endpoint-lost', resolved: true }) as unknown,
      }),
    );
  });

  test('that is lost before anything proved it is no longer called unproven', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'failed' });
    await bind(world, bound(connection, { provenAt: undefined }));
    expect(await reconcile(world)).toMatchObject([
      { type: 'Endpoint Connection Lost' },
      { type: 'Attention', detail: { kind: 'endpoint-unproven', resolved: true } },
    ]);
  });

  test('that is proven is no longer called unproven, whoever called it so', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'available' });
    await bind(world, bound(connection, { provenAt: undefined }));
    expect(await reconcile(world)).toEqual([]);
    await world.registers.recordProof({ privateLinkId: 'pl_one', serviceId, connectionId: 'one' });
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-unproven', resolved: true } },
    ]);
    expect(await reconcile(world)).toEqual([]);
  });

  test('that EC2 no longer lists is lost', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1);
    world.state.connections = [];
    await bind(world, bound(connection));
    expect(await reconcile(world)).toMatchObject([
      { type: 'Endpoint Connection Lost', detail: { state: 'gone' } },
    ]);
  });

  test('that was made anew under the same id is lost, and the new one asked about', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1);
    await bind(world, bound(connection, { endpointCreatedAt: '2026-01-01T00:00:00.000Z' }));
    expect(await reconcile(world)).toMatchObject([
      { type: 'Endpoint Connection Lost', detail: { state: 'recreated' } },
    ]);
    world.pass(5);
    expect(await reconcile(world)).toMatchObject([{ type: 'Endpoint Connection Requested' }]);
  });

  test('that nothing explains is critical news until a person adopts it', async () => {
    const world = createEndpointWorld();
    const { endpointId } = world.request(1, { state: 'available' });
    expect(await reconcile(world)).toMatchObject([
      {
        type: 'Attention',
        detail: { kind: 'endpoint-unexpected', resolved: false, subject: { id: endpointId } },
      },
    ]);
    expect(await shownToOnCall(world.seen.events.at(-1)!)).toContain(
      rejectCommand({ endpointId, ownerAccount: fivetran }),
    );
    world.pass(5);
    expect(await reconcile(world)).toEqual([]);
    await acceptEndpoint(
      {
        order: {
          do: 'adopt',
          serviceId,
          endpointId,
          ownerAccount: fivetran,
          claim: { kind: 'approval', approvedBy: 'Ada', reason: 'was here before', privateLinkId: '' },
        },
        execution,
      },
      world.dependencies,
    );
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-unexpected', resolved: true } },
    ]);
  });

  test('that nothing has proven within 60 minutes is critical news that names both endpoints and the command, until it is proven', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'available' });
    await bind(world, { ...bound(connection), provenAt: undefined });
    const second = world.request(2);
    await decide(world)(second.endpointId);
    world.pass(59);
    expect((await reconcile(world)).filter(({ type }) => type === 'Attention')).toEqual([]);
    world.pass(1);
    const [news] = await reconcile(world);
    expect(news).toMatchObject({ type: 'Attention', detail: { kind: 'endpoint-unproven', resolved: false } });
    const text = await shownToOnCall(news!);
    expect(text).toContain(second.endpointId);
    expect(text).toContain(rejectCommand(connection));
    expect(await reconcile(world)).toEqual([]);
    await world.registers.recordProof({ privateLinkId: 'pl_one', serviceId, connectionId: 'one' });
    // The proof may also have freed the second one: it is looked at again.
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-unproven', resolved: true } },
      { type: 'Endpoint Connection Requested', detail: { endpointId: second.endpointId } },
    ]);
  });

  test('that is pending for a while is left alone, and told of after the grace', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'pending' });
    await bind(world, bound(connection));
    expect(await reconcile(world)).toEqual([]);
    world.pass(14);
    expect(await reconcile(world)).toEqual([]);
    world.pass(1);
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-not-available', resolved: false } },
    ]);
    world.moveTo(connection.endpointId, 'available');
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind: 'endpoint-not-available', resolved: true } },
    ]);
  });

  test('that is as it should be costs no ledger write', async () => {
    const world = createEndpointWorld();
    const connection = world.request(1, { state: 'available' });
    await bind(world, bound(connection));
    world.seen.ledger.length = 0;
    expect(await reconcile(world)).toEqual([]);
    expect(world.seen.ledger).toEqual(['get']);
  });
});

describe('a service', () => {
  test.each([
    {
      kind: 'acceptance-off',
      spoil: (world: EndpointWorld) =>
        void (world.state.service = { ...world.state.service, acceptanceRequired: false }),
      mend: (world: EndpointWorld) =>
        void (world.state.service = { ...world.state.service, acceptanceRequired: true }),
    },
    {
      kind: 'principal-wildcard',
      spoil: (world: EndpointWorld) => void (world.state.principals = ['*']),
      mend: (world: EndpointWorld) => void (world.state.principals = []),
    },
  ])('that is open ($kind) is told of once, and once when it is mended', async ({ kind, spoil, mend }) => {
    const world = createEndpointWorld();
    spoil(world);
    expect(await reconcile(world)).toMatchObject([
      { type: 'Attention', detail: { kind, resolved: false, subject: { type: 'service', id: serviceId } } },
    ]);
    expect(await reconcile(world)).toEqual([]);
    mend(world);
    expect(await reconcile(world)).toMatchObject([{ type: 'Attention', detail: { kind, resolved: true } }]);
  });
});

test('what was found is told before it is noted, so that a bus that is down loses nothing', async () => {
  const world = createEndpointWorld();
  world.request(1, { state: 'available' });
  const { put } = world.dependencies.eventBus;
  world.dependencies.eventBus.put = () => Promise.reject(new Error('The bus is down.'));
  await expect(reconcile(world)).rejects.toThrow('The bus is down.');
  world.dependencies.eventBus.put = put;
  expect(await reconcile(world)).toHaveLength(1);
});

test('a service that loses its tag is looked at no longer, and what was told of it is taken back once', async () => {
  const world = createEndpointWorld();
  const held = world.request(1);
  await decide(world)(held.endpointId);
  const unexpected = world.request(2, { state: 'available' });
  world.state.service = { ...world.state.service, acceptanceRequired: false };
  await reconcile(world);
  world.dependencies.privateLink.managedServices = () => Promise.resolve([]);

  expect(await reconcile(world)).toMatchObject([
    { detail: { kind: 'acceptance-off', subject: { type: 'service', id: serviceId }, resolved: true } },
    { detail: { kind: 'endpoint-unexpected', subject: { id: unexpected.endpointId }, resolved: true } },
    { detail: { kind: 'endpoint-held', subject: { id: held.endpointId }, resolved: true } },
  ]);
  expect(await reconcile(world)).toEqual([]);
});

test('a service that cannot be looked at keeps no other from it, and fails the run at its end', async () => {
  const world = createEndpointWorld();
  const broken = 'vpce-svc-0000000000000000f';
  const { service } = world.state;
  world.dependencies.privateLink.managedServices = () =>
    Promise.resolve([{ ...service, serviceId: broken }, service]);
  world.dependencies.privateLink.principals = (id) =>
    id === broken ? Promise.reject(new Error('Denied.')) : Promise.resolve(world.state.principals);
  world.request(1, { state: 'available' });

  await expect(reconcileEndpoints(world.dependencies)).rejects.toThrow('Denied.');
  expect(world.seen.events).toMatchObject([{ detail: { kind: 'endpoint-unexpected' } }]);
  expect(world.seen.logs).toContain('NOT_RECONCILED');
});
