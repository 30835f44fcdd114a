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
  /** It may last long and is no emergency: while it does, nobody is called again, only its message is kept up to date. */
  patient?: true;
  /** An execution that succeeds for the same subject shows that it is over. */
  overByExecution?: true;
  /** It may end without anybody reporting so: then it is closed when it was not seen for a day. */
  fades?: true;
}

/** Every kind of alert that the service sends. A kind that is missing here is still delivered, under its own name. */
export const alertKinds = {
  'sync-failed': { title: 'sync failed', severity: 'critical' },
  'sync-rescheduled': { title: 'sync put off by Fivetran' },
  'sync-canceled': { title: 'sync cancelled', once: true },
  'sync-overdue': { title: 'sync overdue' },
  'connection-delayed': { title: 'data delayed' },
  'manual-reschedule': { title: 'sync waits to be started by hand' },
  'increment-short': { title: 'rows missing at the destination', severity: 'critical', outlastsSync: true },
  'increment-unverified': { title: 'increment could not be verified', outlastsSync: true, fades: true },
  'source-trouble-ahead': { title: 'trouble ahead at the source', outlastsSync: true, patient: true },
  'connection-ready': { title: 'connection ready', once: true },
  'connection-paused': { title: 'connection paused' },
  'connection-broken': { title: 'connection broken', severity: 'critical' },
  'connection-setup-failed': {
    title: 'source could not be connected',
    severity: 'critical',
    overByExecution: true,
    fades: true,
  },
  'setup-test-failed': { title: 'setup tests fail', fades: true },
  'update-method-changed': { title: 'update method changed', once: true },
  'update-method-fallback': { title: 'another update method was used', once: true },
  'secret-rotated': { title: 'password changed, Fivetran has the old one' },
  'secret-unfilled': { title: 'secret not filled in' },
  'webhook-inactive': { title: "Fivetran's webhook is switched off" },
  'targets-changed': { title: 'load balancer follows the database', once: true },
  'targets-unhealthy': { title: 'load balancer cannot reach the database', severity: 'critical' },
  'endpoint-held': { title: 'endpoint request held' },
  'endpoint-accepted': { title: 'endpoint accepted', once: true },
  'endpoint-recorded': { title: 'decision about an endpoint recorded', once: true },
  'endpoint-decision-failed': {
    title: 'decision about an endpoint failed',
    overByExecution: true,
    fades: true,
  },
  'endpoint-not-available': { title: 'accepted endpoint is not available' },
  'endpoint-lost': { title: 'endpoint connection lost', severity: 'critical', fades: true },
  'endpoint-unproven': { title: 'endpoint accepted but not proven', severity: 'critical' },
  'endpoint-unexpected': { title: 'endpoint connected that nobody accepted here', severity: 'critical' },
  'acceptance-off': { title: 'endpoint service accepts everybody', severity: 'critical' },
  'principal-wildcard': { title: 'endpoint service allows every account', severity: 'critical' },
  'execution-failed': {
    title: 'automation failed',
    severity: 'critical',
    overByExecution: true,
    fades: true,
  },
  'unreadable-alert': { title: 'alert that could not be read', fades: true },
} as const satisfies Record<string, AlertKind>;

const known: Readonly<Record<string, AlertKind | undefined>> = alertKinds;

/** What is known of a kind; for an unknown one its own words. */
export function alertKind(kind: string): AlertKind {
  return known[kind] ?? { title: kind.replaceAll('-', ' ') };
}
