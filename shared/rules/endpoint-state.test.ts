import { describe, expect, test } from 'vitest';
import { State } from '@aws-sdk/client-ec2';
import { readEndpointState } from '../contracts/endpoint.ts';
import { createEndpointWorld, endpointIdOf, fivetran } from '../../tests/support/endpoint-world.ts';
import { describeRivals, judgeEndpoint } from './endpoint-state.ts';

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

test('the others that ask for acceptance are named, up to five, and only they', () => {
  const world = createEndpointWorld();
  const own = world.request(1);
  world.request(2, { state: 'available' });
  expect(describeRivals(world.state.connections, own.endpointId)).toBe('');
  for (let number = 3; number <= 4; number += 1) world.request(number);
  expect(describeRivals(world.state.connections, own.endpointId)).toBe(
    ` Asking for the same service: ${endpointIdOf(3)} of account ${fivetran}, ${endpointIdOf(4)} of account ${fivetran}.`,
  );
  for (let number = 5; number <= 9; number += 1) world.request(number);
  const words = describeRivals(world.state.connections, own.endpointId);
  expect(words).toContain(endpointIdOf(7));
  expect(words).not.toContain(endpointIdOf(8));
  expect(words).toContain(' and 2 more.');
});
