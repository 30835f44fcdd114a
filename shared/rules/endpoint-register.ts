import type {
  Binding,
  Claim,
  EndpointRegister,
  Expectation,
  RequestNote,
} from '../contracts/endpoint-register.ts';
import { isPrePlanted } from './pre-planting.ts';

/** Bindings whose endpoint is not known to be gone. */
export const liveBindings = ({ bindings }: EndpointRegister): Binding[] =>
  bindings.filter(({ releasedAt }) => releasedAt === undefined);

/** The live binding of an endpoint. */
export const bindingOfEndpoint = (register: EndpointRegister, endpointId: string): Binding | undefined =>
  liveBindings(register).find((binding) => binding.endpointId === endpointId);

/** The live binding that a private link serves, whether it was the claim or a person named it. */
export const bindingOfLink = ({ bindings }: EndpointRegister, privateLinkId: string): Binding | undefined =>
  userOf(bindings, { kind: 'private-link', privateLinkId });

/** All bindings that a private link serves or has served. */
export const usesOfLink = ({ bindings }: EndpointRegister, privateLinkId: string): Binding[] =>
  bindings.filter((binding) => uses(binding, { kind: 'private-link', privateLinkId }));

/** Whether the binding uses, or has used, the claim; a person's decision serves the private link that it names. */
function uses({ claim: used }: Binding, claim: Claim): boolean {
  switch (claim.kind) {
    case 'private-link':
      return used.kind !== 'expectation' && used.privateLinkId === claim.privateLinkId;
    case 'expectation':
      return used.kind === 'expectation' && used.expectationId === claim.expectationId;
    case 'approval':
      return false;
  }
}

/** The live one of these bindings that uses the claim. */
export const userOf = (bindings: readonly Binding[], claim: Claim): Binding | undefined =>
  bindings.find((binding) => binding.releasedAt === undefined && uses(binding, claim));

/** When the last of these bindings that used the claim was released; undefined when none was. */
export const lastRelease = (bindings: readonly Binding[], claim: Claim): string | undefined =>
  bindings
    .flatMap((binding) =>
      binding.releasedAt !== undefined && uses(binding, claim) ? [binding.releasedAt] : [],
    )
    .sort()
    .at(-1);

/** The live bindings that nothing has proven yet; the guard allows one per service. */
export const unprovenBindings = (register: EndpointRegister): Binding[] =>
  liveBindings(register).filter(({ provenAt }) => provenAt === undefined);

/** How long released bindings and used-up expectations are kept: for whoever asks later who was let in, and why. */
const keepDays = 400;

/** The register without what is too old to be asked for, so that its one item never outgrows the ledger's limit. */
export function prune(register: EndpointRegister, now: string): EndpointRegister {
  const oldest = new Date(Date.parse(now) - keepDays * 86_400_000).toISOString();
  return {
    ...register,
    bindings: register.bindings.filter(({ releasedAt }) => releasedAt === undefined || releasedAt > oldest),
    expectations: register.expectations.filter(({ expiresAt }) => expiresAt > oldest),
  };
}

/** What came of an attempt to bind. */
export type BindOutcome =
  | { outcome: 'bound'; register: EndpointRegister }
  /** A live binding of this endpoint is there already: a second execution, or a retry. */
  | { outcome: 'already-bound' }
  /** The same, and a person now vouches for what nothing had proven. */
  | { outcome: 'vouched'; register: EndpointRegister }
  | {
      outcome: 'refused';
      code: 'claim-used' | 'claim-released' | 'claim-withdrawn' | 'service-has-unproven';
      other: string;
    };

/**
 * Binds a claim to an endpoint, unless the claim serves another endpoint, came free only after the endpoint had been
 * made, or the service has another unproven binding. A binding that a person vouches for is proven from the start and is not held up by an unproven one.
 */
export function bind(register: EndpointRegister, binding: Binding): BindOutcome {
  const already = bindingOfEndpoint(register, binding.endpointId);
  if (already !== undefined) {
    const { provenAt: at, provenBy: by = '' } = binding;
    return at === undefined || already.provenAt !== undefined
      ? { outcome: 'already-bound' }
      : { outcome: 'vouched', register: withProof(register, already, { at, by }) };
  }
  const { claim } = binding;
  const user = userOf(register.bindings, claim);
  if (user !== undefined) return { outcome: 'refused', code: 'claim-used', other: user.endpointId };
  const released = lastRelease(register.bindings, claim);
  if (released !== undefined && isPrePlanted(binding.endpointCreatedAt, Date.parse(released))) {
    return { outcome: 'refused', code: 'claim-released', other: released };
  }
  if (claim.kind === 'expectation' && !expectationStands(register, claim.expectationId, binding.boundAt)) {
    return { outcome: 'refused', code: 'claim-withdrawn', other: claim.expectationId };
  }
  const [unproven] = unprovenBindings(register);
  if (unproven !== undefined && binding.provenAt === undefined) {
    return { outcome: 'refused', code: 'service-has-unproven', other: unproven.endpointId };
  }
  return {
    outcome: 'bound',
    register: {
      ...register,
      bindings: [...register.bindings, binding],
      requests: without(register.requests, binding.endpointId),
    },
  };
}

const expectationStands = (register: EndpointRegister, expectationId: string, now: string): boolean =>
  register.expectations.some(
    (expectation) => expectation.expectationId === expectationId && isUsable(register, expectation, now),
  );

/**
 * Whether an expectation may still be used: it stands, and its endpoint was not rejected. Who rejects the endpoint
 * that came has not said that another one is expected.
 */
export const isUsable = (register: EndpointRegister, expectation: Expectation, now: string): boolean =>
  stands(expectation, now) &&
  !register.bindings.some(
    ({ claim, releasedState }) =>
      claim.kind === 'expectation' &&
      claim.expectationId === expectation.expectationId &&
      releasedState === 'rejected',
  );

/** Whether an expectation is neither withdrawn nor expired. */
export const stands = ({ withdrawnAt, expiresAt }: Expectation, now: string): boolean =>
  withdrawnAt === undefined && Date.parse(now) < Date.parse(expiresAt);

/**
 * The register with the link's binding proven. An expectation names no link (Fivetran's staff set it up), so its
 * binding takes the proof only where it is the service's one live binding: no other endpoint can have carried the
 * test.
 *
 * @returns undefined when there is nothing to prove
 */
export function prove(
  register: EndpointRegister,
  proof: { privateLinkId: string; at: string; by: string },
): EndpointRegister | undefined {
  const live = liveBindings(register);
  const named = live.filter(
    ({ claim }) => claim.kind !== 'expectation' && claim.privateLinkId === proof.privateLinkId,
  );
  const expected = live.filter(({ claim }) => claim.kind === 'expectation');
  const [binding, ...others] = named.length > 0 ? named : live.length === expected.length ? expected : [];
  // Where two endpoints could have carried the test, it proves neither.
  if (others.length > 0) return undefined;
  if (binding === undefined || binding.provenAt !== undefined) return undefined;
  return withProof(register, binding, proof);
}

/** The register with that binding proven. */
function withProof(
  register: EndpointRegister,
  binding: Binding,
  { at, by }: { at: string; by: string },
): EndpointRegister {
  const kind = 'endpoint-unproven';
  const { endpointId: subjectId, boundAt: since } = binding;
  return {
    ...register,
    changedAt: at,
    bindings: register.bindings.map((each) =>
      each === binding ? { ...each, provenAt: at, provenBy: by } : each,
    ),
    // A machine may have told that it is unproven, which the audit does not know; now it takes that back.
    standing: [
      ...register.standing.filter((each) => each.kind !== kind || each.subjectId !== subjectId),
      { kind, subjectId, since },
    ],
  };
}

/** The register with the note that a person is cutting the endpoint off; its claim stays used until EC2 has done it. */
export const noteRejection = (
  register: EndpointRegister,
  endpointId: string,
  by: string,
): EndpointRegister => ({
  ...register,
  bindings: register.bindings.map((each) =>
    each.endpointId === endpointId && each.releasedAt === undefined ? { ...each, rejectedBy: by } : each,
  ),
});

/** The register with the endpoint's binding released, because the endpoint is gone or was rejected. */
export function release(
  register: EndpointRegister,
  endpointId: string,
  at: string,
  state: string,
): EndpointRegister | undefined {
  const binding = bindingOfEndpoint(register, endpointId);
  if (binding === undefined) return undefined;
  return {
    ...register,
    changedAt: at,
    bindings: register.bindings.map((each) =>
      each === binding ? { ...each, releasedAt: at, releasedState: state } : each,
    ),
    pendingSince: without(register.pendingSince, endpointId),
  };
}

/** Released bindings whose place this endpoint has taken: its own earlier one, and what was gone when it was bound. */
export const placesTakenBy = (register: EndpointRegister, endpointId: string): Binding[] => {
  const binding = bindingOfEndpoint(register, endpointId);
  return register.bindings.filter(
    (other) =>
      other.releasedAt !== undefined &&
      other.replacedAt === undefined &&
      (other.endpointId === endpointId || (binding !== undefined && binding.boundAt >= other.releasedAt)),
  );
};

/** The register with the note that these bindings' places are taken. */
export const noteReplaced = (
  register: EndpointRegister,
  replaced: readonly Binding[],
  at: string,
): EndpointRegister =>
  replaced.length === 0
    ? register
    : {
        ...register,
        bindings: register.bindings.map((each) =>
          replaced.includes(each) ? { ...each, replacedAt: at } : each,
        ),
      };

/** The register with the note of one look at a request that is not accepted by it. */
export function noteLook(
  register: EndpointRegister,
  endpointId: string,
  look: { at: string; decision: string; codes: readonly string[]; askedSince?: string },
): EndpointRegister {
  const known = register.requests[endpointId];
  const note: RequestNote = {
    nudges: 0,
    ...known,
    firstSeenAt: known?.firstSeenAt ?? look.at,
    lookedAt: look.at,
    decision: look.decision,
    codes: [...look.codes],
    ...(look.askedSince === undefined ? {} : { askedSince: look.askedSince }),
  };
  return { ...register, requests: { ...register.requests, [endpointId]: note } };
}

/** The register without the note of a request that was decided or is gone. */
export const forgetRequest = (register: EndpointRegister, endpointId: string): EndpointRegister =>
  endpointId in register.requests
    ? { ...register, requests: without(register.requests, endpointId) }
    : register;

/** The register with the time since which an accepted endpoint is pending; undefined when it is not. */
export function notePending(
  register: EndpointRegister,
  endpointId: string,
  since: string | undefined,
): EndpointRegister {
  if (register.pendingSince[endpointId] === since) return register;
  const others = without(register.pendingSince, endpointId);
  return { ...register, pendingSince: since === undefined ? others : { ...others, [endpointId]: since } };
}

function without<Value>(record: Record<string, Value>, key: string): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== key));
}
