import { expect, test } from 'vitest';
import { createEndpointWorld, execution, machine, serviceId } from '../../tests/support/endpoint-world.ts';
import { validateEndpoint } from '../validate-endpoint/validate-endpoint.ts';
import { acceptEndpoint } from './accept-endpoint.ts';

test("accepts Fivetran's request against the private link that we made", async () => {
  const world = createEndpointWorld();
  world.link('pl_one');
  const { endpointId } = world.request(1);

  const decision = await validateEndpoint(
    { request: { serviceId, endpointId }, machine, since: world.state.now.toISOString() },
    world.dependencies,
  );
  const acceptance = await acceptEndpoint({ order: decision.order!, execution }, world.dependencies);

  expect(acceptance).toMatchObject({ outcome: 'available', privateLinkId: 'pl_one' });
  expect(world.seen.accepted).toEqual([endpointId]);
  expect(world.seen.tags).toEqual([
    {
      'fivetran-privatelink-accepted-at': '2026-11-22T10:00:00.000Z',
      'fivetran-privatelink-accepted-by': execution,
      'fivetran-privatelink-accepted-why': 'private link pl_one of our Fivetran account asked for it',
    },
  ]);
  await expect(world.claims.bindingOfPrivateLink('pl_one')).resolves.toMatchObject({ endpointId });
});
