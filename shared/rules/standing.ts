import type { EndpointRegister, Standing } from '../contracts/endpoint-register.ts';
import type { DetailType, EventDetail } from '../contracts/events.ts';
import type { HeldEndpoint } from '../contracts/held-endpoint.ts';

/** Something that the bus is to be told. */
export type AuditEvent = {
  [Type in DetailType]: { type: Type; detail: EventDetail<Type> };
}[DetailType];

/** What an audit found: what to tell, and the register once it is told. */
export interface Audit {
  register: EndpointRegister;
  events: AuditEvent[];
}

/** Something that is to be told when it begins to hold, and when it is over. */
interface Condition {
  kind: string;
  holds: boolean;
  summary: string;
  /** The endpoint that a person has to decide about. */
  decide?: HeldEndpoint;
}

type Subject = EventDetail<'Attention'>['subject'];

/** The service itself, or one of its endpoints. */
export const subjectOf = ({ serviceId }: EndpointRegister, subjectId: string): Subject =>
  subjectId === serviceId ? { type: 'service', id: serviceId, name: '' } : endpointSubject(subjectId);

/** Whom an alert about an endpoint is about. */
export const endpointSubject = (endpointId: string): Subject => ({
  type: 'endpoint',
  id: endpointId,
  name: '',
});

/** Tells of each condition once when it begins and once when it is over. */
export function tellOnce(
  register: EndpointRegister,
  subject: Subject,
  now: Date,
  conditions: readonly Condition[],
): Audit {
  let standing = register.standing;
  const events: AuditEvent[] = [];
  for (const { kind, holds, summary, decide } of conditions) {
    const known = standing.find((each) => each.kind === kind && each.subjectId === subject.id);
    if (holds && known === undefined) {
      const since = now.toISOString();
      standing = [...standing, { kind, subjectId: subject.id, since }];
      events.push(attention(subject, kind, summary, since, false, decide));
    } else if (!holds && known !== undefined) {
      standing = standing.filter((each) => each !== known);
      events.push(attention(subject, kind, 'This is over.', known.since, true));
    }
  }
  return { register: standing === register.standing ? register : { ...register, standing }, events };
}

/** The event that tells of a condition, or that it is over. */
export const attention = (
  subject: Subject,
  kind: string,
  summary: string,
  since: string,
  resolved: boolean,
  heldEndpoint?: HeldEndpoint,
): AuditEvent => ({
  type: 'Attention',
  detail: {
    version: 1,
    subject,
    kind,
    summary,
    since,
    resolved,
    ...(heldEndpoint === undefined ? {} : { heldEndpoint }),
  },
});

/** What on-call was told of the subject and still holds. */
export const standingOf = (register: EndpointRegister, subjectId: string): Standing[] =>
  register.standing.filter((each) => each.subjectId === subjectId);

/** The register when nothing stands of the subject any more. */
export function withoutStanding(register: EndpointRegister, subjectId: string): EndpointRegister {
  const standing = register.standing.filter((each) => each.subjectId !== subjectId);
  return standing.length === register.standing.length ? register : { ...register, standing };
}
