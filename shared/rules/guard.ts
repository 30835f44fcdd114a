import type { Binding, Claim, EndpointRegister, Expectation } from '../contracts/endpoint-register.ts';
import type { EndpointConnection } from '../contracts/endpoint.ts';
import type { PrivateLink } from '../contracts/fivetran.ts';
import { isOpen, openSince, regionOf, sourceKind } from './claiming-links.ts';
import { bindingOfEndpoint, isUsable, lastRelease, unprovenBindings, userOf } from './endpoint-register.ts';
import { isPrePlanted, prePlantingMinutes } from './pre-planting.ts';

/**
 * The confused-deputy guard. Fivetran's AWS account serves all of Fivetran's customers, so a request from it may
 * be anybody's. A request is accepted only against a claim of ours that no other request could mean.
 * Why, and what it leaves open: docs/security.md.
 */

export interface GuardFacts {
  request: EndpointConnection;
  /** All connections to the service, the request among them. */
  connections: readonly EndpointConnection[];
  serviceName: string;
  /** All private links of our own Fivetran account. */
  links: readonly PrivateLink[];
  register: EndpointRegister;
  /** How links of ours were used for other services of ours, also in the past. */
  usedElsewhere: readonly Binding[];
  /** DNS names that a link's host leads to, by link id. */
  hostNames: Readonly<Record<string, readonly string[]>>;
  fivetranAccounts: readonly string[];
  claimWindowHours: number;
  now: Date;
}

type GuardCode = 'claim-missing' | 'claim-pre-planted' | 'claim-contested' | 'second-request';

export type GuardAnswer =
  | {
      granted: true;
      claim: Claim;
      /** Whether the link's host names this very endpoint; otherwise only counting spoke for it. */
      identified: boolean;
    }
  | {
      granted: false;
      code: GuardCode;
      summary: string;
      otherEndpoints: string[];
      /** What to do beside the usual, when more is known. */
      remedy?: string;
    };

/** A right that might be used, whatever request it may be for. */
interface Candidate {
  id: string;
  claim: Claim;
  /** Since when it could be used: it was made, or came free again. */
  since: number;
  /** Region that the endpoint must have; undefined when the claim names none. */
  region: string | undefined;
  link: PrivateLink | undefined;
}

/** Whether the request may be accepted, and by which claim. */
export function guard(facts: GuardFacts): GuardAnswer {
  const { request } = facts;
  const own = bindingOfEndpoint(facts.register, request.endpointId);
  if (own !== undefined) return { granted: true, claim: own.claim, identified: false };
  const free = candidates(facts).filter(({ claim }) => usedBy(claim, facts) === undefined);
  const eligible = free.filter((candidate) => isEligible(candidate, request, facts));
  const identified = eligible.find((candidate) => namesEndpoint(candidate, request, facts));
  const unproven = unprovenBindings(facts.register).find(
    ({ endpointId }) => endpointId !== request.endpointId,
  );
  if (unproven !== undefined && couldMean(request, facts)) {
    return {
      granted: false,
      code: 'second-request',
      summary: `${unproven.endpointId} was accepted and is not proven to be ours yet, and ${request.endpointId} asks for the same: one of them may be a stranger's.`,
      otherEndpoints: [unproven.endpointId],
    };
  }
  if (identified !== undefined) return { granted: true, claim: identified.claim, identified: true };
  if (eligible.length === 0) return refuse(facts);
  const rivals = contenders(free, facts);
  const claimOf = assign(rivals, free, facts);
  const claim = claimOf?.get(request.endpointId);
  if (claim === undefined) {
    const others = rivals.map(({ endpointId }) => endpointId).filter((id) => id !== request.endpointId);
    return {
      granted: false,
      code: 'claim-contested',
      summary: `${String(others.length + 1)} requests (${[request.endpointId, ...others].join(', ')}) compete for fewer unused claims of ours; nothing tells them apart.`,
      otherEndpoints: others,
    };
  }
  return { granted: true, claim, identified: false };
}

function candidates(facts: GuardFacts): Candidate[] {
  return [
    ...facts.links
      .filter(
        (link) =>
          link.service === sourceKind && link.serviceName === facts.serviceName && isOpen(link, facts),
      )
      .map((link): Candidate => ({
        id: link.id,
        claim: { kind: 'private-link', privateLinkId: link.id },
        since: freeSince(
          { kind: 'private-link', privateLinkId: link.id },
          openSince(link, facts.register.openLinks, facts.now),
          facts,
        ),
        // A Region that cannot be read matches no endpoint.
        region: regionOf(link) ?? '',
        link,
      })),
    ...facts.register.expectations
      .filter((expectation) => isUsable(facts.register, expectation, facts.now.toISOString()))
      .map(({ expectationId, recordedBy, recordedAt }): Candidate => {
        const claim = { kind: 'expectation', expectationId, recordedBy } as const;
        const since = freeSince(claim, Date.parse(recordedAt), facts);
        return { id: expectationId, claim, since, region: undefined, link: undefined };
      }),
  ];
}

const usesOf = ({ register, usedElsewhere }: GuardFacts): Binding[] => [
  ...register.bindings,
  ...usedElsewhere,
];

/** A claim that was used is free again from its release on, however long ago it was made. */
function freeSince(claim: Claim, madeAt: number, facts: GuardFacts): number {
  const released = lastRelease(usesOf(facts), claim);
  return released === undefined ? madeAt : Math.max(madeAt, Date.parse(released));
}

/** The endpoint that a claim serves already. */
const usedBy = (claim: Claim, facts: GuardFacts): string | undefined =>
  userOf(usesOf(facts), claim)?.endpointId;

const isRightPlace = ({ region }: Candidate, request: EndpointConnection): boolean =>
  region === undefined || region === request.region;

function isEligible(candidate: Candidate, request: EndpointConnection, facts: GuardFacts): boolean {
  return (
    isRightPlace(candidate, request) &&
    !isPrePlanted(request.createdAt, candidate.since) &&
    !facts.connections.some(
      (other) => other.endpointId !== request.endpointId && namesEndpoint(candidate, other, facts),
    )
  );
}

/** Whether the link's host is, or leads to, one of the endpoint's DNS names. */
function namesEndpoint(
  { link }: Candidate,
  endpoint: EndpointConnection,
  { hostNames }: GuardFacts,
): boolean {
  if (link?.host === undefined) return false;
  const names = new Set([link.host, ...(hostNames[link.id] ?? [])].map(plainName));
  return endpoint.dnsNames.some((name) => names.has(plainName(name)));
}

const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** Whether the request would be eligible if no claim were used: then an unproven binding may be the wrong one. */
const couldMean = (request: EndpointConnection, facts: GuardFacts): boolean =>
  candidates(facts).some((candidate) => isEligible(candidate, request, facts));

/** Requests of Fivetran's account that some unused claim could mean, the request itself among them. */
function contenders(free: readonly Candidate[], facts: GuardFacts): EndpointConnection[] {
  return facts.connections.filter(
    (connection) =>
      connection.state === 'pendingAcceptance' &&
      bindingOfEndpoint(facts.register, connection.endpointId) === undefined &&
      facts.fivetranAccounts.includes(connection.ownerAccount) &&
      free.some((candidate) => isEligible(candidate, connection, facts)),
  );
}

/**
 * A claim for every contender that the request competes with, directly or through others. Fewer claims than
 * contenders, or claims that only some of them could use, leave somebody without one.
 *
 * @returns undefined when not every one can have a claim of its own: then nobody gets one
 */
function assign(
  all: readonly EndpointConnection[],
  free: readonly Candidate[],
  facts: GuardFacts,
): Map<string, Claim> | undefined {
  const contending = competitorsOf(facts.request, all, free, facts);
  const holderOf = new Map<string, EndpointConnection>();
  const place = (connection: EndpointConnection, tried: Set<string>): boolean =>
    free.some((candidate) => {
      if (tried.has(candidate.id) || !isEligible(candidate, connection, facts)) return false;
      tried.add(candidate.id);
      const holder = holderOf.get(candidate.id);
      if (holder !== undefined && !place(holder, tried)) return false;
      holderOf.set(candidate.id, connection);
      return true;
    });
  if (!contending.every((connection) => place(connection, new Set()))) return undefined;
  return new Map(
    free.flatMap(({ id, claim }) => {
      const holder = holderOf.get(id);
      return holder === undefined ? [] : [[holder.endpointId, claim] as const];
    }),
  );
}

function competitorsOf(
  request: EndpointConnection,
  all: readonly EndpointConnection[],
  free: readonly Candidate[],
  facts: GuardFacts,
): EndpointConnection[] {
  const found = new Set([request]);
  for (const one of found) {
    const wanted = free.filter((candidate) => isEligible(candidate, one, facts));
    for (const other of all) {
      if (other.endpointId === request.endpointId) continue;
      if (wanted.some((candidate) => isEligible(candidate, other, facts))) found.add(other);
    }
  }
  return [...found];
}

/** Says what came nearest to a claim, so that on-call sees at once what is missing. */
function refuse(facts: GuardFacts): GuardAnswer {
  const { request, serviceName } = facts;
  const planted = candidates(facts).filter(
    (candidate) =>
      usedBy(candidate.claim, facts) === undefined &&
      isRightPlace(candidate, request) &&
      isPrePlanted(request.createdAt, candidate.since),
  );
  if (planted.length > 0) {
    return {
      granted: false,
      code: 'claim-pre-planted',
      summary: `The request was made at ${request.createdAt}, more than ${String(prePlantingMinutes)} minutes before ${planted.map(describeCandidate).join(' and ')}: it cannot be the answer to that.`,
      otherEndpoints: [],
    };
  }
  const misses = [
    ...facts.links
      .filter((link) => link.serviceName === serviceName)
      .map((link) => describeMiss(link, facts)),
    ...facts.register.expectations.map((expectation) => describeExpectation(expectation, facts)),
  ];
  return {
    granted: false,
    code: 'claim-missing',
    summary:
      misses.length === 0
        ? `Our Fivetran account has no private link for ${serviceName}, and no operator has said that an endpoint is expected.`
        : `No claim of ours covers the request: ${misses.join('; ')}.`,
    otherEndpoints: [],
  };
}

const describeCandidate = ({ claim, since }: Candidate): string => {
  const at = Number.isNaN(since) ? 'an unknown time' : new Date(since).toISOString();
  return claim.kind === 'private-link'
    ? `private link ${claim.privateLinkId} could claim it (${at})`
    : `the expectation of ${claim.kind === 'expectation' ? claim.recordedBy : claim.approvedBy} could (${at})`;
};

function describeMiss(link: PrivateLink, facts: GuardFacts): string {
  const name = `private link ${link.id}`;
  if (link.service !== sourceKind) return `${name} is of the kind ${link.service}, which leads to no source`;
  const user = usedBy({ kind: 'private-link', privateLinkId: link.id }, facts);
  if (user !== undefined) return `${name} serves ${user} already`;
  if (!isOpen(link, facts)) {
    return link.state === 'OK'
      ? `${name} has been OK for longer than ${String(facts.claimWindowHours)} hours`
      : `${name} is ${link.state}`;
  }
  const region = regionOf(link);
  if (region !== facts.request.region)
    return `${name} is for ${region ?? link.region}, the endpoint is in ${facts.request.region}`;
  return `${name} names another endpoint as its host`;
}

function describeExpectation(expectation: Expectation, facts: GuardFacts): string {
  const name = `the expectation of ${expectation.recordedBy}`;
  const { expectationId, recordedBy } = expectation;
  const uses = facts.register.bindings.filter(
    ({ claim }) => claim.kind === 'expectation' && claim.expectationId === expectationId,
  );
  const user = usedBy({ kind: 'expectation', expectationId, recordedBy }, facts) ?? uses.at(-1)?.endpointId;
  if (user !== undefined) return `${name} served ${user}`;
  if (expectation.withdrawnAt !== undefined) return `${name} was withdrawn`;
  return `${name} expired at ${expectation.expiresAt}`;
}
