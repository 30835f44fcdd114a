import { describe, expect, test } from 'vitest';
import { State } from '@aws-sdk/client-ec2';
import { readEndpointState } from '../contracts/endpoint.ts';
import { createEndpointWorld } from '../../tests/support/endpoint-world.ts';
import { judgeEndpoint } from './endpoint-state.ts';
import { secondsSince, waitSecondsAfter } from './endpoint-waiting.ts';

describe('states are read from the wire, not by the SDK’s enum', () => {
  test('the wire’s camel case and the enum’s Pascal case mean the same', () => {
    expect(State.PendingAcceptance).not.toBe('pendingAcceptance');
    for (const [word, state] of [
      ['pendingAcceptance', 'pendingAcceptance'],
      [State.PendingAcceptance, 'pendingAcceptance'],
      [State.Available, 'available'],
      ['deleting', 'deleting'],
      [State.Partial, 'unknown'],
      ['somethingNew', 'unknown'],
      ['', 'unknown'],
      [undefined, 'unknown'],
    ] as const) {
      expect(readEndpointState(word)).toBe(state);
    }
  });
});

test.each([
  ['available', 'available', 'ok'],
  ['pending', 'pending', 'warning'],
  ['pendingAcceptance', 'pending', 'warning'],
  ['unknown', 'pending', 'warning'],
  ['rejected', 'gone', 'blocking'],
  ['deleting', 'gone', 'blocking'],
  ['deleted', 'gone', 'blocking'],
  ['expired', 'gone', 'blocking'],
  ['failed', 'gone', 'blocking'],
] as const)('an endpoint that is %s counts as %s, and its finding as %s', (state, outcome, status) => {
  const connection = createEndpointWorld().request(1, { state });
  const judged = judgeEndpoint(connection, connection.endpointId);
  expect(judged).toMatchObject({ outcome, findings: [{ status }] });
  if (status !== 'ok') expect(judged.findings[0]?.remedy).toBeTruthy();
});

test('an endpoint that is not listed is gone', () => {
  expect(judgeEndpoint(undefined, 'vpce-1')).toMatchObject({ outcome: 'gone', state: 'gone' });
});

test('waits grow with the time waited, from a second to a minute, and after an hour to five', () => {
  expect([0, 1, 5, 60, 239, 240, 3_600, 100_000].map(waitSecondsAfter)).toEqual([
    1, 1, 2, 15, 60, 60, 60, 300,
  ]);
});

test('a time that lies ahead or cannot be read counts as no time', () => {
  const now = new Date('2026-11-22T10:00:00.000Z');
  expect(secondsSince('2026-11-22T09:59:00.500Z', now)).toBe(59);
  expect(secondsSince('2026-11-22T11:00:00.000Z', now)).toBe(0);
  expect(secondsSince('whenever', now)).toBe(0);
});
