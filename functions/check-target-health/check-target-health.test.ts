import { expect, test } from 'vitest';
import { createEndpointWorld, serviceId } from '../../tests/support/endpoint-world.ts';
import { checkTargetHealth } from './check-target-health.ts';

test('judges what is behind the endpoint service', async () => {
  const world = createEndpointWorld();
  const check = await checkTargetHealth({ serviceId }, world.dependencies);
  expect(check.status).toBe('ok');
  expect(check.findings.map(({ check: name }) => name)).toEqual([
    'targets.load-balancer',
    'targets.security-group',
    'targets.health',
  ]);
});

test('a service that is not there is blocking, not an error: it is what a diagnosis wants to hear', async () => {
  const world = createEndpointWorld();
  await expect(
    checkTargetHealth({ serviceId: 'vpce-svc-0000000000000000f' }, world.dependencies),
  ).resolves.toMatchObject({ status: 'blocking', findings: [{ check: 'targets.service' }] });
});
