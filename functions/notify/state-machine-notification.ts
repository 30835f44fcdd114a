import * as z from 'zod/mini';
import type { AlertContent } from '../../shared/contracts/incident.ts';
import { Notification } from '../../shared/contracts/notification.ts';
import { cleanLine, cleanText } from '../../shared/rules/clean-text.ts';
import type { Report } from '../../shared/rules/incident-report.ts';
import { thrownMessage } from '../../shared/rules/thrown-message.ts';
import type { NotifyInput } from './notify-input.ts';
import { digest, limits, toInstant } from './report-form.ts';

/** What a state machine tells; undefined when it does not have the form of a notification. */
export function readNotification(event: unknown, now: Date): NotifyInput | undefined {
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
