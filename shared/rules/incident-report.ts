import type { AlertContent, Severity } from '../contracts/incident.ts';
import type { Subject } from '../contracts/subject.ts';

/** Somebody says that a thing is broken. `at` is when that was true. */
export interface ProblemReport {
  phase: 'problem';
  id: string;
  at: string;
  subject: Subject;
  group?: string | undefined;
  kind: string;
  severity: Severity;
  summary: string;
  since: string;
  content: AlertContent;
}

/** Somebody says that a thing is whole again. */
export interface RecoveryReport {
  phase: 'resolved';
  id: string;
  at: string;
  subject: Subject;
  scope: RecoveryScope;
}

/** Something worth saying once. */
export interface InformationReport extends Omit<ProblemReport, 'phase'> {
  phase: 'information';
}

export type Report = ProblemReport | RecoveryReport | InformationReport;

/** What a recovery closes: everything, what a successful sync or a successful execution disproves, or one kind. */
export type RecoveryScope = 'all' | 'sync' | 'execution' | `kind:${string}`;

/** The incident of a subject. */
export const incidentKey = (subject: Subject): string => `${subject.type}#${subject.id}`;

/** An information has no incident to join, so its own report is its key. */
export const informationKey = (report: InformationReport): string => `information#${report.id}`;
