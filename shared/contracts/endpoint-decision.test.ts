import { describe, expect, test } from 'vitest';
import { parseEndpointRequest } from './endpoint-decision.ts';

const serviceId = 'vpce-svc-0123456789abcdef0';
const endpointId = 'vpce-0123456789abcdef1';
const byHand = {
  serviceId,
  endpointId,
  action: 'accept',
  ownerAccount: '834469178297',
  approvedBy: 'Ada',
  reason: 'ticket 7',
};

test.each([
  ['a request to look', { serviceId, endpointId }],
  ['a decision to accept', byHand],
  ['a decision to reject', { ...byHand, action: 'reject' }],
  ['an adoption', { ...byHand, action: 'adopt' }],
  ['an expectation', { serviceId, action: 'expect', approvedBy: 'Ada', reason: 'ticket 8', days: 2 }],
  [
    'a withdrawal',
    { serviceId, action: 'withdraw', expectationId: 'one', approvedBy: 'Ada', reason: 'ticket 8' },
  ],
])('%s is taken as it is', (_, input) => {
  expect(parseEndpointRequest(input)).toEqual(input);
});

test('an expectation lasts seven days unless it says otherwise', () => {
  const input = { serviceId, action: 'expect', approvedBy: 'Ada', reason: 'ticket 8' };
  expect(parseEndpointRequest(input)).toMatchObject({ days: 7 });
});

describe('bad input is refused with the field named', () => {
  test.each([
    ['a text', 'vpce', /the value: expected object/],
    ['nothing', null, /the value: expected object/],
    ['no fields', {}, /serviceId: .*endpointId: /],
    ['a service id of a wrong form', { serviceId: 'svc-1', endpointId }, /serviceId: expected the form/],
    [
      'an endpoint id of a wrong form',
      { serviceId, endpointId: 'vpce-xyz' },
      /endpointId: expected the form/,
    ],
    [
      'a service name instead of its id',
      { serviceId: `com.amazonaws.vpce.us-east-1.${serviceId}`, endpointId },
      /serviceId/,
    ],
    ['a misspelt action', { serviceId, endpointId, actoin: 'accept' }, /unknown fields actoin/],
    ['an action that there is not', { ...byHand, action: 'approve' }, /action: /],
    ['an action in capitals', { ...byHand, action: 'ACCEPT' }, /action: /],
    ['no owner', { ...byHand, ownerAccount: undefined }, /ownerAccount: expected string/],
    ['an owner of a wrong form', { ...byHand, ownerAccount: '8344' }, /ownerAccount: expected the form/],
    ['nobody who approved', { ...byHand, approvedBy: '' }, /approvedBy/],
    ['no reason', { ...byHand, reason: '' }, /reason/],
    ['eight days', { serviceId, action: 'expect', approvedBy: 'Ada', reason: 'x', days: 8 }, /days/],
    ['half a day', { serviceId, action: 'expect', approvedBy: 'Ada', reason: 'x', days: 0.5 }, /days/],
  ])('%s', (_, input, words) => {
    expect(() => parseEndpointRequest(input)).toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        message: expect.stringMatching(words) as string,
      }) as Error,
    );
  });
});
