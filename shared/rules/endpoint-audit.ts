import type { Binding, EndpointRegister, Standing } from '../contracts/endpoint-register.ts';
import type { EndpointConnection } from '../contracts/endpoint.ts';
import { isAccepted, isGone } from './endpoint-decision.ts';
import {
  bindingOfEndpoint,
  forgetRequest,
  liveBindings,
  notePending,
  noteReplaced,
  placesTakenBy,
  release,
} from './endpoint-register.ts';
import { secondsSince } from './endpoint-waiting.ts';
import { nameList } from './name-list.ts';
import {
  attention,
  endpointSubject,
  tellOnce,
  standingOf,
  withoutStanding,
  type Audit,
  type AuditEvent,
} from './standing.ts';

/** How long a binding may stay unproven before on-call hears of it. */
const proofMinutes = 60;
/** How long an accepted endpoint may be pending: EC2 goes through it whenever the owner changes the endpoint. */
const pendingGraceMinutes = 15;
/** A request younger than this is left to the notification that AWS sent of it. */
const notificationSeconds = 120;
/** A look that says `act` or `wait` means that an execution is at work; after this it is taken to have died. */
const underwaySeconds = 300;
/** How many endpoints an alert's sentence names: it is cut at 300 characters. */
const mostNamed = 4;
/** First and longest interval between two looks at a held request. */
const firstNudgeSeconds = 600;
const longestNudgeSeconds = 86_400;

interface Moment {
  now: Date;
  observedBy: 'notification' | 'reconciliation';
}

/**
 * What one endpoint's state means, seen against the register: a request to decide, an endpoint that was lost, one
 * that nothing explains.
 *
 * @param connection undefined when EC2 does not list the endpoint
 */
export function auditEndpoint(
  register: EndpointRegister,
  endpointId: string,
  connection: EndpointConnection | undefined,
  moment: Moment,
): Audit {
  const binding = bindingOfEndpoint(register, endpointId);
  const recreated =
    binding !== undefined && connection !== undefined && connection.createdAt !== binding.endpointCreatedAt;
  if (binding !== undefined && (recreated || connection === undefined || isGone(connection.state))) {
    const state = recreated ? 'recreated' : (connection?.wireState ?? 'gone');
    return lost(register, binding, state, moment.now);
  }
  if (
    connection === undefined &&
    moment.observedBy === 'notification' &&
    !knownEndpoints(register).includes(endpointId)
  ) {
    // A new request may be told of before EC2 lists it; the machine waits for it.
    return { register, events: [request(register.serviceId, endpointId, moment)] };
  }
  if (connection === undefined || isGone(connection.state)) {
    return withdrawn(register, endpointId, moment.now);
  }
  if (isAccepted(connection.state)) return accepted(register, connection, moment);
  return requested(register, connection, moment);
}

/**
 * An endpoint that is gone is lost and nothing else: whatever else was told of it is over. One that a person ordered
 * to be cut off is no loss.
 */
function lost(register: EndpointRegister, binding: Binding, state: string, now: Date): Audit {
  const at = now.toISOString();
  const { serviceId } = register;
  const { endpointId, provenAt, boundAt, rejectedBy } = binding;
  const ordered = rejectedBy !== undefined && state === 'rejected';
  const unproven: Standing[] =
    provenAt === undefined ? [{ kind: 'endpoint-unproven', subjectId: endpointId, since: boundAt }] : [];
  const told = new Map(
    [...standingOf(register, endpointId), ...unproven].map((each) => [each.kind, each.since]),
  );
  const released = release(register, endpointId, at, state) ?? register;
  const loss: AuditEvent = {
    type: 'Endpoint Connection Lost',
    detail: { version: 1, serviceId, endpointId, state, since: at },
  };
  return {
    register: withoutStanding(forgetRequest(released, endpointId), endpointId),
    events: [
      ...(ordered ? [] : [loss]),
      ...[...told].map(([kind, since]) =>
        attention(endpointSubject(endpointId), kind, `The endpoint ${endpointId} is ${state}.`, since, true),
      ),
    ],
  };
}

/** A request that ended undecided: whoever was told of it hears that it is over. */
function withdrawn(register: EndpointRegister, endpointId: string, now: Date): Audit {
  const note = register.requests[endpointId];
  const over = standingOf(register, endpointId).map(({ kind, since }) =>
    attention(endpointSubject(endpointId), kind, `The endpoint ${endpointId} is gone.`, since, true),
  );
  const held =
    note?.decision === 'hold'
      ? [
          attention(
            endpointSubject(endpointId),
            'endpoint-held',
            `The request of ${endpointId} was withdrawn or ended undecided at ${now.toISOString()}.`,
            note.firstSeenAt,
            true,
          ),
        ]
      : [];
  return {
    register: withoutStanding(forgetRequest(register, endpointId), endpointId),
    events: [...over, ...held],
  };
}

function accepted(register: EndpointRegister, connection: EndpointConnection, { now }: Moment): Audit {
  const { endpointId, serviceId, ownerAccount, wireState } = connection;
  const others = Object.keys(register.requests).filter((id) => id !== endpointId);
  const waiting = others.length === 0 ? '' : ` Still asking to connect: ${nameList(others, mostNamed)}.`;
  const decide = { serviceId, endpointId, ownerAccount };
  const binding = bindingOfEndpoint(register, endpointId);
  const pendingSince = register.pendingSince[endpointId] ?? now.toISOString();
  const replaced = connection.state === 'available' ? placesTakenBy(register, endpointId) : [];
  const settled = notePending(
    noteReplaced(forgetRequest(register, endpointId), replaced, now.toISOString()),
    endpointId,
    connection.state === 'pending' ? pendingSince : undefined,
  );
  const standing = tellOnce(settled, endpointSubject(endpointId), now, [
    {
      kind: 'endpoint-unexpected',
      holds: binding === undefined,
      summary: `${endpointId} of account ${ownerAccount} is ${wireState} at ${serviceId}, and nothing here accepted it.${waiting}`,
      decide,
    },
    {
      kind: 'endpoint-unproven',
      holds:
        binding !== undefined &&
        binding.provenAt === undefined &&
        secondsSince(binding.boundAt, now) >= proofMinutes * 60,
      summary: `${endpointId} of account ${ownerAccount} was accepted at ${binding?.boundAt ?? ''} and no setup test has passed through it.${waiting}`,
      decide,
    },
    {
      kind: 'endpoint-not-available',
      holds: connection.state === 'pending' && secondsSince(pendingSince, now) >= pendingGraceMinutes * 60,
      summary: `${endpointId} has been pending since ${pendingSince}; nothing flows through it.`,
    },
  ]);
  const back = replaced.map((binding) =>
    attention(
      endpointSubject(binding.endpointId),
      'endpoint-lost',
      `${endpointId} is connected in its place.`,
      binding.releasedAt ?? binding.boundAt,
      true,
    ),
  );
  return { register: standing.register, events: [...standing.events, ...back] };
}

/** A request to decide: told at once by a notification, and by reconciliation when nobody is at it. */
function requested(
  register: EndpointRegister,
  connection: EndpointConnection,
  { now, observedBy }: Moment,
): Audit {
  const { endpointId, serviceId } = connection;
  const ask = request(serviceId, endpointId, { observedBy });
  if (observedBy === 'notification') return { register, events: [ask] };
  const at = now.toISOString();
  const note = register.requests[endpointId] ?? {
    firstSeenAt: connection.createdAt,
    lookedAt: connection.createdAt,
    decision: 'none',
    codes: [],
    nudges: 0,
  };
  if (now.getTime() < Date.parse(nextLook(register, note))) return { register, events: [] };
  return {
    register: {
      ...register,
      requests: { ...register.requests, [endpointId]: { ...note, nudges: note.nudges + 1, nudgedAt: at } },
    },
    events: [ask],
  };
}

const request = (
  serviceId: string,
  endpointId: string,
  { observedBy }: Pick<Moment, 'observedBy'>,
): AuditEvent => ({
  type: 'Endpoint Connection Requested',
  detail: { version: 1, serviceId, endpointId, observedBy },
});

/** When a request is to be looked at again, unless somebody does before. */
function nextLook(
  { changedAt }: EndpointRegister,
  note: { lookedAt: string; decision: string; nudges: number; nudgedAt?: string | undefined },
): string {
  const last = note.nudgedAt !== undefined && note.nudgedAt > note.lookedAt ? note.nudgedAt : note.lookedAt;
  // A proof, a release or an expectation may have freed it.
  if (changedAt !== undefined && changedAt > last) return changedAt;
  const grown = Math.min(longestNudgeSeconds, firstNudgeSeconds * 2 ** Math.min(note.nudges, 20));
  const seconds =
    note.decision === 'none' && note.nudges === 0
      ? notificationSeconds
      : note.decision === 'hold' || note.nudges > 2
        ? grown
        : underwaySeconds;
  return new Date(Date.parse(last) + seconds * 1000).toISOString();
}

/** Endpoints that the register knows and that a full listing may no longer show. */
export const knownEndpoints = (register: EndpointRegister): string[] => [
  ...new Set([
    ...liveBindings(register).map(({ endpointId }) => endpointId),
    ...Object.keys(register.requests),
    ...register.standing
      .map(({ subjectId }) => subjectId)
      .filter((subjectId) => subjectId !== register.serviceId),
  ]),
];
