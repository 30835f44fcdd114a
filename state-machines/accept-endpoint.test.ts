import { expect, test } from 'vitest';
import { runMachine } from '../tests/support/run-machine.ts';

const serviceId = 'vpce-svc-0123456789abcdef0';
const endpointId = 'vpce-0123456789abcdef1';

test('a failing validation with bad input', async () => {
  const run = await runMachine('accept-endpoint', {
    input: 'nonsense',
    tasks: {
      validateEndpoint: () => {
        throw Object.assign(new Error('bad'), { name: 'InvalidInputError' });
      },
      notify: () => ({}),
    },
  });
  expect(run.visited).toEqual(['ValidateEndpoint', 'NameFailure', 'NotifyInputFailed', 'Failed']);
  expect(run).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
});

test('ignored', async () => {
  const run = await runMachine('accept-endpoint', {
    input: { serviceId, endpointId },
    tasks: {
      validateEndpoint: () => {
        throw Object.assign(new Error('bad'), { name: 'AccessDeniedError' });
      },
      notify: () => ({}),
    },
  });
  expect(run.visited).toEqual(['ValidateEndpoint', 'NameFailure', 'NotifyFailed', 'Failed']);
});
