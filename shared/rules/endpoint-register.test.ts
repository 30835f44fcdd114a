import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  emptyRegister,
  type Binding,
  type Claim,
  type EndpointRegister,
} from '../contracts/endpoint-register.ts';
import { bind, liveBindings, prove, prune, release, unprovenBindings } from './endpoint-register.ts';

const at = '2026-11-22T10:00:00.000Z';
const binding = (endpointId: string, claim: Claim, proven = false): Binding => ({
  serviceId: 'vpce-svc-1',
  endpointId,
  ownerAccount: '834469178297',
  endpointCreatedAt: at,
  claim,
  boundAt: at,
  boundBy: 'execution',
  ...(proven ? { provenAt: at, provenBy: 'Ada' } : {}),
});
const byLink = (privateLinkId: string): Claim => ({ kind: 'private-link', privateLinkId });
const byExpectation: Claim = { kind: 'expectation', expectationId: 'e', recordedBy: 'Ada' };
const register = (...bindings: Binding[]): EndpointRegister => ({
  ...emptyRegister('vpce-svc-1'),
  bindings,
  expectations: [
    {
      expectationId: 'e',
      recordedBy: 'Ada',
      reason: '',
      recordedAt: at,
      expiresAt: '2026-11-23T10:00:00.000Z',
    },
  ],
});
const proof = { privateLinkId: 'pl', at, by: 'a test' };

describe('binding', () => {
  test('whatever is bound, proven and released in whatever order, a claim serves one endpoint at a time and one unproven binding is the most', () => {
    const endpoint = fc.constantFrom('a', 'b', 'c', 'd');
    const link = fc.constantFrom('x', 'y', 'z');
    const step = fc.oneof(
      fc.record({ do: fc.constant('bind' as const), endpoint, link, vouched: fc.boolean() }),
      fc.record({ do: fc.constant('prove' as const), link }),
      fc.record({ do: fc.constant('release' as const), endpoint }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let current = register();
        for (const each of steps) {
          if (each.do === 'bind') {
            const claim: Claim = each.vouched
              ? { kind: 'approval', approvedBy: 'Ada', reason: '', privateLinkId: '' }
              : byLink(each.link);
            const outcome = bind(current, binding(each.endpoint, claim, each.vouched));
            if (outcome.outcome === 'bound') current = outcome.register;
          } else if (each.do === 'prove') {
            current = prove(current, { ...proof, privateLinkId: each.link }) ?? current;
          } else {
            current = release(current, each.endpoint, at, 'deleted') ?? current;
          }
          const live = liveBindings(current);
          const links = live.flatMap(({ claim }) =>
            claim.kind === 'private-link' ? [claim.privateLinkId] : [],
          );
          const endpoints = live.map(({ endpointId }) => endpointId);
          expect(new Set(links).size).toBe(links.length);
          expect(new Set(endpoints).size).toBe(endpoints.length);
          expect(unprovenBindings(current).length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('an expired expectation binds nothing, even if it was good when it was validated', () => {
    const late = { ...binding('a', byExpectation), boundAt: '2026-11-23T10:00:00.000Z' };
    expect(bind(register(), late)).toMatchObject({ outcome: 'refused', code: 'claim-withdrawn' });
  });

  test('a claim is free again once its endpoint is released', () => {
    const released = release(register(binding('a', byLink('pl'))), 'a', at, 'deleted');
    expect(bind(released!, binding('b', byLink('pl')))).toMatchObject({ outcome: 'bound' });
  });
});

describe('proving', () => {
  test('makes the binding of the private link proven, once', () => {
    const proven = prove(register(binding('a', byLink('pl'))), proof);
    expect(proven?.bindings).toMatchObject([{ provenAt: at, provenBy: 'a test' }]);
    expect(prove(proven!, proof)).toBeUndefined();
  });

  test('counts for an expected endpoint only where no other could have carried the test', () => {
    expect(prove(register(binding('a', byExpectation)), proof)?.bindings).toMatchObject([{ provenAt: at }]);
    const beside = register(binding('a', byExpectation), binding('b', byLink('other'), true));
    expect(prove(beside, proof)).toBeUndefined();
  });

  test('proves neither of two endpoints that are taken to serve the same link', () => {
    const approval: Claim = { kind: 'approval', approvedBy: 'Ada', reason: '', privateLinkId: 'pl' };
    const both = register(binding('a', byLink('pl')), binding('b', approval, true));
    expect(prove(both, proof)).toBeUndefined();
  });

  test('does nothing for a link that nothing is bound to', () => {
    expect(prove(register(binding('a', byLink('other'))), proof)).toBeUndefined();
  });
});

test('what was released, or expired, more than a year ago is forgotten; what lives is kept', () => {
  const old = { ...binding('a', byLink('x')), releasedAt: '2025-01-01T00:00:00.000Z' };
  const pruned = prune(register(old, binding('b', byLink('y'))), '2028-01-01T00:00:00.000Z');
  expect(pruned.bindings.map(({ endpointId }) => endpointId)).toEqual(['b']);
  expect(pruned.expectations).toEqual([]);
});
