import { expect, test } from 'vitest';
import { createEndpointWorld, serviceId } from '../../tests/support/endpoint-world.ts';
import { checkEndpoint } from './check-endpoint.ts';

test('says the state, how long somebody has waited, and how long to wait next', async () => {
  const world = createEndpointWorld();
  const { endpointId } = world.request(1, { state: 'pending' });
  const since = world.state.now.toISOString();
  world.pass(2);
  await expect(checkEndpoint({ serviceId, endpointId, since }, world.dependencies)).resolves.toMatchObject({
    outcome: 'pending',
    state: 'pending',
    elapsedSeconds: 120,
    waitSeconds: 30,
  });
});

test('names who else asks for the service while a proof is awaited', async () => {
  const world = createEndpointWorld();
  const { endpointId } = world.request(1, { state: 'available' });
  const rival = world.request(2);
  const since = world.state.now.toISOString();
  const check = await checkEndpoint({ serviceId, endpointId, since }, world.dependencies);
  expect(check).toMatchObject({
    outcome: 'available',
    rivals: ` Asking for the same service: ${rival.endpointId} of account ${rival.ownerAccount}.`,
  });
  expect(world.seen.ec2).toEqual(['connections']);
});

test('costs one request, and needs nobody to wait', async () => {
  const world = createEndpointWorld();
  const { endpointId } = world.request(1, { state: 'available' });
  await expect(checkEndpoint({ serviceId, endpointId }, world.dependencies)).resolves.toMatchObject({
    outcome: 'available',
    elapsedSeconds: 0,
    findings: [{ status: 'ok' }],
    rivals: '',
  });
  expect(world.seen.ec2).toEqual(['connections']);
});

test('an endpoint that is not there is gone, with a remedy', async () => {
  const world = createEndpointWorld();
  const check = await checkEndpoint({ serviceId, endpointId: 'vpce-0000000000000000f' }, world.dependencies);
  expect(check).toMatchObject({ outcome: 'gone', state: 'gone', findings: [{ status: 'blocking' }] });
  expect(check.findings[0]?.remedy).toContain('connect-source');
});

test('an endpoint that somebody waits for and that is not listed for a moment is not gone yet', async () => {
  const world = createEndpointWorld();
  const input = { serviceId, endpointId: 'vpce-0000000000000000f', since: world.state.now.toISOString() };
  world.pass(1);
  await expect(checkEndpoint(input, world.dependencies)).resolves.toMatchObject({ outcome: 'pending' });
  world.pass(1);
  await expect(checkEndpoint(input, world.dependencies)).resolves.toMatchObject({ outcome: 'gone' });
});
