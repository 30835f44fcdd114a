import type { ProblemReport, Report } from '../../shared/rules/incident-report.ts';

/** What notify is asked to do. */
export type NotifyInput =
  | { kind: 'tick' }
  | { kind: 'report'; report: Report; executionArn?: string }
  /** An execution ended badly. It joins the incident of its own or of its child's failure, if there is one. */
  | { kind: 'execution'; report: ProblemReport; executionArns: string[] };
