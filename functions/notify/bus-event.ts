import * as z from 'zod/mini';
import { eventDetails, eventSource, type EventDetail } from '../../shared/contracts/events.ts';
import type { Subject } from '../../shared/contracts/subject.ts';
import { alertKind } from '../../shared/rules/alert-kinds.ts';
import { cleanLine, cleanText } from '../../shared/rules/clean-text.ts';
import type { Report } from '../../shared/rules/incident-report.ts';
import type { NotifyInput } from './notify-input.ts';
import { emptyContent, limits, toInstant } from './report-form.ts';
import { readStatusChange } from './status-change.ts';

/** What EventBridge puts around an event of any bus. */
export const Envelope = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  time: z.iso.datetime({ offset: true }),
  detail: z.unknown(),
});
type Envelope = z.output<typeof Envelope>;

/** What an event of a bus says; undefined when it is none of those that lead here, or cannot be read. */
export function readBusEvent(envelope: Envelope): NotifyInput | undefined {
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
