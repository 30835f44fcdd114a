import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { eventDetails, eventSource, type EventDetail } from '../../shared/contracts/events.ts';
import type { AlertContent } from '../../shared/contracts/incident.ts';
import { Notification } from '../../shared/contracts/notification.ts';
import { Subject } from '../../shared/contracts/subject.ts';
import { alertKind } from '../../shared/rules/alert-kinds.ts';
import { cleanLine, cleanText } from '../../shared/rules/clean-text.ts';
import type { ProblemReport, Report } from '../../shared/rules/incident-report.ts';
import { thrownMessage } from '../../shared/rules/thrown-message.ts';

/** What notify is asked to do. */
export type NotifyInput =
  | { kind: 'tick' }
  | { kind: 'report'; report: Report; executionArn?: string }
  /** An execution ended badly. It joins the incident of its own or of its child's failure, if there is one. */
  | { kind: 'execution'; report: ProblemReport; executionArns: string[] };

const limits = { line: 300, cause: 1_000, remedy: 2_000, value: 400, items: 25, raw: 2_500 };
const emptyContent: AlertContent = { facts: [], evidence: [], notChecked: [], links: [] };

const Envelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime({ offset: true }),
  detail: z.unknown(),
});
type Envelope = z.output<typeof Envelope>;

/** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
const StatusChange = z.object({
  executionArn: z.string(),
  name: z._default(z.string(), ''),
  status: z.string(),
  stopDate: z.optional(z.nullable(z.number())),
  input: z.optional(z.nullable(z.string())),
  error: z.optional(z.nullable(z.string())),
  cause: z.optional(z.nullable(z.string())),
});

/**
 * What an invocation asks for: the minute tick, a notification of a state machine, or an event of a bus. What
 * cannot be read is not refused: on-call is told, with the text as it came.
 */
export function readEvent(event: unknown, now: Date): NotifyInput {
  if (z.safeParse(z.object({ tick: z.literal(true) }), event).success) return { kind: 'tick' };
  const envelope = z.safeParse(Envelope, event);
  const read = envelope.success ? readBusEvent(envelope.data) : readNotification(event, now);
  return read ?? { kind: 'report', report: unreadable(event, now) };
}

function readBusEvent(envelope: Envelope): NotifyInput | undefined {
  const type = envelope['detail-type'];
  if (envelope.source === 'aws.states') return readStatusChange(envelope);
  if (envelope.source !== eventSource) return undefined;
  if (type === 'Endpoint Connection Lost') {
    const detail = z.safeParse(eventDetails[type], envelope.detail);
    return detail.success ? { kind: 'report', report: endpointLost(detail.data) } : undefined;
  }
  if (type === 'Fivetran Sync Ended') {
    const detail = z.safeParse(eventDetails[type], envelope.detail);
    return detail.success ? { kind: 'report', report: syncEnded(detail.data) } : undefined;
  }
  if (type === 'Attention') {
    const detail = z.safeParse(eventDetails[type], envelope.detail);
    return detail.success ? { kind: 'report', report: attention(detail.data, envelope.time) } : undefined;
  }
  return undefined;
}

function endpointLost(detail: EventDetail<'Endpoint Connection Lost'>): Report {
  return {
    phase: 'problem',
    id: `lost:${detail.endpointId}:${detail.since}`,
    at: toInstant(detail.since),
    subject: { type: 'endpoint', id: detail.endpointId, name: '' },
    kind: 'endpoint-lost',
    severity: 'critical',
    summary: `Fivetran's endpoint ${detail.endpointId} is no longer connected (${cleanLine(detail.state, 40)}): syncs through it will fail.`,
    since: toInstant(detail.since),
    content: {
      ...emptyContent,
      code: 'endpoint-lost',
      cause: `The endpoint connection was ${cleanLine(detail.state, 40)} when AWS was last asked.`,
      remedy:
        'Look at the private link in Fivetran: if it is gone, start connect-source for this source, which makes a new one; if it is there, ask Fivetran support why its endpoint left.',
      facts: [
        { label: 'Endpoint service', value: detail.serviceId },
        { label: 'State', value: cleanLine(detail.state, limits.value) },
      ],
    },
  };
}

/** Only syncs that need no review get here: a success closes what a success disproves. */
function syncEnded(detail: EventDetail<'Fivetran Sync Ended'>): Report {
  const subject: Subject = { type: 'connection', id: detail.connectionId, name: '' };
  const at = toInstant(detail.endedAt);
  const id = `sync:${detail.connectionId}:${detail.syncId === '' ? at : detail.syncId}:${detail.status}`;
  if (detail.status === 'SUCCESSFUL') return { phase: 'resolved', id, at, subject, scope: 'sync' };
  const status = cleanLine(detail.status, 40);
  const kind =
    status === 'RESCHEDULED' ? 'sync-rescheduled' : status === 'CANCELED' ? 'sync-canceled' : 'sync-failed';
  return {
    phase: status === 'CANCELED' ? 'information' : 'problem',
    id,
    at,
    subject,
    kind,
    severity: status === 'CANCELED' ? 'information' : status === 'RESCHEDULED' ? 'warning' : 'critical',
    summary: `${alertKind(kind).title}${detail.reason === '' ? ` (${status})` : `: ${cleanLine(detail.reason, limits.line)}`}`,
    since: at,
    content: {
      ...emptyContent,
      ...(detail.reason === '' ? {} : { cause: cleanText(detail.reason, limits.cause) }),
      facts: [{ label: 'Fivetran says', value: status }],
    },
  };
}

function attention(detail: EventDetail<'Attention'>, time: string): Report {
  const { subject, kind } = detail;
  const at = toInstant(time);
  if (detail.resolved) {
    return { phase: 'resolved', id: `attention:${kind}:${at}`, at, subject, scope: `kind:${kind}` };
  }
  const { severity, once } = alertKind(kind);
  return {
    phase: once === true ? 'information' : 'problem',
    id: `attention:${subject.type}:${subject.id}:${kind}:${detail.since}`,
    at,
    subject,
    group: detail.group,
    kind,
    severity: once === true ? 'information' : (severity ?? 'warning'),
    summary: cleanLine(detail.summary, limits.line),
    since: toInstant(detail.since),
    content: {
      ...emptyContent,
      ...(detail.heldEndpoint === undefined ? {} : { heldEndpoint: detail.heldEndpoint }),
    },
  };
}

function readStatusChange({ id, time, detail }: Envelope): NotifyInput | undefined {
  const read = z.safeParse(StatusChange, detail);
  if (!read.success) return undefined;
  const { executionArn, name, status, input, error, cause, stopDate } = read.data;
  const machine = executionArn.split(':')[6] ?? 'a state machine';
  const at = typeof stopDate === 'number' ? new Date(stopDate).toISOString() : toInstant(time);
  const subject = subjectOfInput(input ?? '') ?? {
    type: 'execution',
    id: cleanLine(machine, 200),
    name: machine,
  };
  if (status === 'SUCCEEDED') {
    const recovery = `execution:${executionArn}:${status}`;
    return { kind: 'report', report: { phase: 'resolved', id: recovery, at, subject, scope: 'execution' } };
  }
  const ended = { FAILED: 'failed', TIMED_OUT: 'ran out of time', ABORTED: 'was stopped by hand' }[status];
  const why = [error, thrownMessage(cause ?? '')]
    .filter((part) => part !== null && part !== undefined && part !== '')
    .join(': ');
  const report: ProblemReport = {
    phase: 'problem',
    id: `execution:${executionArn}:${status}:${stopDate === undefined ? id : at}`,
    at,
    subject,
    kind: 'execution-failed',
    severity: status === 'ABORTED' ? 'warning' : 'critical',
    summary: cleanLine(`${machine} ${ended ?? status}${why === '' ? '' : `: ${why}`}`, limits.line),
    since: at,
    content: {
      ...emptyContent,
      executionArn,
      ...(why === '' ? {} : { cause: cleanText(why, limits.cause) }),
      remedy:
        status === 'ABORTED'
          ? 'If nobody stopped it on purpose, start it again with the same input.'
          : 'Open the execution: the red state says what failed. Mend that, then start the machine again with the same input.',
      facts: [
        { label: 'State machine', value: cleanLine(machine, limits.value) },
        { label: 'Execution', value: cleanLine(name, limits.value) },
      ],
    },
  };
  const named = `${input ?? ''} ${cause ?? ''}`.match(
    /arn:aws[a-z-]*:states:[^"'\\\s]+:execution:[^"'\\\s]+/g,
  );
  return {
    kind: 'execution',
    report,
    executionArns: [...new Set([executionArn, ...(named ?? [])])].slice(0, 10),
  };
}

const KnownInput = z.object({
  connectionId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  endpointId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  source: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
});

/** What an execution was about, by its input: its failure belongs to that thing's incident. */
function subjectOfInput(input: string): Subject | undefined {
  const read = z.safeParse(KnownInput, parseJson(input));
  if (!read.success) return undefined;
  const { connectionId, endpointId, source } = read.data;
  if (connectionId !== undefined) return { type: 'connection', id: connectionId, name: '' };
  if (endpointId !== undefined) return { type: 'endpoint', id: endpointId, name: '' };
  if (source !== undefined) return { type: 'source', id: source, name: '' };
  return undefined;
}

function readNotification(event: unknown, now: Date): NotifyInput | undefined {
  const read = z.safeParse(Notification, withoutEmptyFields(event));
  if (!read.success) return undefined;
  const notification = read.data;
  const { executionArn, subject, kind } = notification;
  const at = toInstant(notification.observedAt ?? now.toISOString());
  const id = `notification:${digest(event, executionArn === undefined && notification.observedAt === undefined ? now.toISOString() : '')}`;
  const more = executionArn === undefined ? {} : { executionArn };
  if (notification.phase === 'resolved') {
    return {
      kind: 'report',
      report: { phase: 'resolved', id, at, subject, scope: notification.scope },
      ...more,
    };
  }
  const { diagnosis } = notification;
  const said =
    diagnosis === undefined || notification.summary !== '' ? notification.summary : diagnosis.summary;
  const { error } = notification;
  const summary = error === undefined ? said : `${said} ${thrownMessage(error.Cause)}`;
  const report: Report = {
    phase: notification.phase,
    id,
    at,
    subject: { ...subject, name: cleanLine(subject.name, 100) },
    group: notification.group,
    kind,
    severity: notification.phase === 'information' ? 'information' : notification.severity,
    summary: cleanLine(summary, limits.line),
    since: toInstant(notification.since ?? at),
    content: contentOf(notification),
  };
  return { kind: 'report', report, ...more };
}

function contentOf(notification: Notification): AlertContent {
  const { diagnosis } = notification;
  const remedy = notification.remedy ?? diagnosis?.remedy;
  return {
    ...(diagnosis === undefined
      ? {}
      : { code: diagnosis.code, cause: cleanText(diagnosis.cause, limits.cause) }),
    ...(remedy === undefined || remedy === '' ? {} : { remedy: cleanText(remedy, limits.remedy) }),
    facts: notification.facts.slice(0, limits.items).map(({ label, value }) => ({
      label: cleanLine(label, 60),
      value: cleanLine(value, limits.value),
    })),
    evidence: [...(diagnosis?.evidence ?? []), ...notification.evidence]
      .slice(0, limits.items)
      .map(({ check, status, summary }) => ({
        check: cleanLine(check, 100),
        status,
        summary: cleanLine(summary, limits.value),
      })),
    notChecked: (diagnosis?.notChecked ?? []).slice(0, 6).map((reason) => cleanLine(reason, limits.line)),
    links: notification.links
      .slice(0, 5)
      .map(({ label, url }) => ({ label: cleanLine(label, 60), url: url.slice(0, 2_000) })),
    ...(notification.lastSuccessAt === undefined
      ? {}
      : { lastSuccessAt: toInstant(notification.lastSuccessAt) }),
    ...(notification.heldEndpoint === undefined ? {} : { heldEndpoint: notification.heldEndpoint }),
    ...(notification.executionArn === undefined ? {} : { executionArn: notification.executionArn }),
  };
}

/** JSONPath cannot leave a field out: what a machine does not know arrives as null or as an empty string. */
function withoutEmptyFields(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return event;
  return Object.fromEntries(
    Object.entries(event).filter(([name, value]) => value !== null && (value !== '' || name === 'summary')),
  );
}

/** An alert whose details do not parse is still an alert. */
function unreadable(event: unknown, now: Date): ProblemReport {
  const envelope = z.safeParse(z.object({ detail: z.unknown(), id: z.optional(z.string()) }), event);
  const detail = envelope.success ? envelope.data.detail : event;
  const words = z.safeParse(z.object({ summary: z.string() }), detail);
  const at = now.toISOString();
  return {
    phase: 'problem',
    id: `unreadable:${(envelope.success ? envelope.data.id : undefined) ?? digest(event, at)}`,
    at,
    subject: subjectOf(detail) ?? { type: 'execution', id: 'unreadable', name: 'An alert' },
    kind: 'unreadable-alert',
    severity: 'warning',
    summary: words.success
      ? cleanLine(`could not be read whole: ${words.data.summary}`, limits.line)
      : 'could not be read; it is shown as it came.',
    since: at,
    content: {
      ...emptyContent,
      raw: cleanText(typeof event === 'string' ? event : jsonOf(event), limits.raw),
      remedy:
        'Read it below and act on it. Then tell the maintainers: sender and reader disagree about its form.',
    },
  };
}

function subjectOf(detail: unknown): Subject | undefined {
  const read = z.safeParse(z.object({ subject: Subject }), detail);
  return read.success ? read.data.subject : subjectOfInput(jsonOf(detail));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON, also of what JSON does not know. */
function jsonOf(value: unknown): string {
  const json: unknown = JSON.stringify(value, null, 1);
  return typeof json === 'string' ? json : String(value);
}

const toInstant = (date: string): string => new Date(date).toISOString();

const digest = (event: unknown, salt: string): string =>
  createHash('sha256').update(jsonOf(event)).update(salt).digest('hex').slice(0, 24);
