import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDynamodb, type DynamodbLedger } from '../../tests/support/dynamodb-ledger.ts';
import { startOnCall, type OnCall } from '../../tests/support/on-call.ts';

// A day of Slack's absence over both wires: Slack's HTTP and DynamoDB's. Only the clock is the test's.

let dynamodb: DynamodbLedger;
let onCall: OnCall;

beforeAll(async () => {
  dynamodb = await startDynamodb();
  onCall = await startOnCall(await dynamodb.createTable());
});
afterAll(async () => {
  await onCall.stop();
  await dynamodb.stop();
});

const named = (index: number) => ({
  type: 'connection' as const,
  id: `connection_${String(index)}`,
  name: `tenant_${String(index).padStart(4, '0')}_rental`,
});

const failing = (index: number) => ({
  subject: named(index),
  summary: `sync of ${named(index).name} failed: the database has no free connections`,
});

test('what Slack could not be told for a day is told afterwards, in order, none lost', async () => {
  onCall.slack.faults.add({ kind: 'unavailable' });
  for (let hour = 0; hour < 24; hour += 1) {
    await onCall.send(failing(hour));
    for (let minute = 0; minute < 60; minute += 10) {
      // The first connection fails each ten minutes, all day long.
      await onCall.send(failing(0));
      onCall.clock.advance(540);
      await onCall.tick();
    }
  }
  expect(onCall.slack.messages()).toEqual([]);
  expect(onCall.metrics.at(-1)?.UndeliveredAlerts).toBe(24);
  onCall.slack.faults.clear();
  await onCall.tick(5);
  const names = onCall.top().map(({ text }) => /tenant_\d+_rental/.exec(text)?.[0]);
  expect(names).toEqual(Array.from({ length: 24 }, (_, index) => named(index).name));
  expect(JSON.stringify(onCall.top()[0]?.blocks)).toContain('144 times');
  expect(onCall.metrics.at(-1)?.UndeliveredAlerts).toBe(0);
});
