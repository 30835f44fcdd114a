import type { Context } from 'aws-lambda';
import { afterAll, expect, test, vi } from 'vitest';
import { createHandler } from './handler.ts';

vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
afterAll(() => void vi.unstubAllEnvs());

const invocation = (timeLeft: number) =>
  ({ awsRequestId: 'request', getRemainingTimeInMillis: () => timeLeft }) as Context;

test('what was set up once always knows the time of the invocation that is running', async () => {
  let setUps = 0;
  const handler = createHandler({
    name: 'a-function',
    parse: () => undefined,
    setUp: (_log, timeLeftMs) => {
      setUps += 1;
      return { timeLeftMs };
    },
    run: (_input, { timeLeftMs }) => Promise.resolve(timeLeftMs()),
  });
  expect(await handler({}, invocation(40_000))).toBe(40_000);
  expect(await handler({}, invocation(85_000))).toBe(85_000);
  expect(setUps).toBe(1);
});

test('a set-up that failed is tried again by the next invocation', async () => {
  let setUps = 0;
  const handler = createHandler({
    name: 'a-function',
    parse: () => undefined,
    setUp: () => {
      setUps += 1;
      if (setUps === 1) throw new Error('not yet');
      return setUps;
    },
    run: (_input, dependencies) => Promise.resolve(dependencies),
  });
  await expect(handler({}, invocation(1_000))).rejects.toThrow('not yet');
  expect(await handler({}, invocation(1_000))).toBe(2);
});
