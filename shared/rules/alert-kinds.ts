import type { Severity } from '../contracts/incident.ts';

/** What is known of a kind of alert; each has its entry in docs/runbook.md under its own name. */
interface AlertKind {
  /** How bad it is when the reporter does not say; a warning without it. */
  severity?: Severity;
  /** What a message's headline says of the subject. */
  title: string;
  /** Told once, without an incident: nothing of it can be over. */
  once?: true;
  /** A successful sync says nothing about it, so it does not close it. */
  outlastsSync?: true;
  /** Nobody reports that it is over: it is closed when it was not seen for a day. */
  fades?: true;
}

/** Every kind of alert that the service sends. A kind that is missing here is still delivered, under its own name. */
export const alertKinds = {
  'sync-failed': { title: 'sync failed', severity: 'critical' },
  'sync-rescheduled': { title: 'sync put off by Fivetran' },
  'sync-canceled': { title: 'sync cancelled', once: true },
  'sync-overdue': { title: 'sync overdue' },
  'sync-timed-out': { title: 'sync did not end in time', severity: 'critical' },
  'sync-recovered': { title: 'sync works again', once: true },
  'manual-reschedule': { title: 'sync waits to be started by hand' },
  'increment-short': { title: 'rows missing at the destination', severity: 'critical', outlastsSync: true },
  'increment-verified': { title: 'increment verified', once: true },
  'connection-ready': { title: 'connection ready', once: true },
  'connection-paused': { title: 'connection paused' },
  'connection-broken': { title: 'connection broken', severity: 'critical' },
  'connection-delayed': { title: 'data delayed' },
  'connection-setup-failed': { title: 'connection could not be set up' },
  'update-method-changed': { title: 'update method changed', once: true },
  'update-method-fallback': { title: 'another update method was used', once: true },
  'secret-rotated': { title: 'password changed, Fivetran not', outlastsSync: true },
  'source-unhealthy': { title: 'source not fit to be read' },
  'targets-changed': { title: 'load balancer targets changed', once: true },
  'targets-unhealthy': { title: 'load balancer cannot reach the database', severity: 'critical' },
  'webhook-inactive': { title: "Fivetran's webhook is switched off" },
  'private-link-failed': { title: 'private link failed' },
  'endpoint-held': { title: 'endpoint request held' },
  'endpoint-accepted': { title: 'endpoint accepted', once: true },
  'endpoint-accept-failed': { title: 'endpoint could not be accepted' },
  'endpoint-lost': { title: 'endpoint connection lost', severity: 'critical', fades: true },
  'endpoint-unproven': {
    title: 'endpoint accepted but not proven',
    severity: 'critical',
    outlastsSync: true,
  },
  'endpoint-unexpected': {
    title: 'endpoint connected that nobody accepted here',
    severity: 'critical',
    outlastsSync: true,
  },
  'service-open': { title: 'endpoint service open to others', severity: 'critical', outlastsSync: true },
  'execution-failed': { title: 'automation failed', severity: 'critical', fades: true },
  'unreadable-alert': { title: 'alert that could not be read', fades: true },
} as const satisfies Record<string, AlertKind>;

const known: Readonly<Record<string, AlertKind | undefined>> = alertKinds;

/** What is known of a kind; for an unknown one its own words. */
export function alertKind(kind: string): AlertKind {
  return known[kind] ?? { title: kind.replaceAll('-', ' ') };
}
