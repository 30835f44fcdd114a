import type { Incident } from '../../shared/contracts/incident.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { isUnheard } from '../../shared/rules/incident-letters.ts';
import {
  incidentKey,
  informationKey,
  type InformationReport,
  type ProblemReport,
  type RecoveryReport,
} from '../../shared/rules/incident-report.ts';
import { applyRecoveries, applyReport, createInformation } from '../../shared/rules/incident.ts';
import { secondsBetween } from '../../shared/rules/instants.ts';
import { deliverIncident, type Delivery } from './delivery.ts';
import type { NotifyInput } from './notify-input.ts';
import { tick } from './tick.ts';

export interface NotifyDependencies extends Delivery {
  metrics: Metrics;
}

/**
 * What notify did. `recorded`: the alert is in the ledger, and Slack has it or will have it by a tick. `joined`: an
 * incident tells of it already. `silent`: there is nothing to tell.
 */
export type NotifyResult =
  | { outcome: 'recorded'; posted: number; incident: string }
  | { outcome: 'joined' | 'silent'; posted: 0; incident: string }
  | { outcome: 'ticked'; posted: number; waiting: number };

const busyTries = 4;
const busyWaitMs = 250;
/** An execution's failure that comes so soon after its subject's incident spoke is the same failure. */
const sameCauseSeconds = 10 * 60;

/**
 * Keeps one incident per problem: writes it to the ledger first, so that nothing is lost when Slack is down, then
 * tells Slack.
 */
export async function notify(input: NotifyInput, dependencies: NotifyDependencies): Promise<NotifyResult> {
  if (input.kind === 'tick')
    return { outcome: 'ticked', ...(await tick(dependencies, dependencies.metrics)) };
  if (input.kind === 'execution') return recordExecution(input.report, input.executionArns, dependencies);
  const { report, executionArn } = input;
  if (report.phase === 'resolved') return recordRecovery(report, dependencies);
  if (report.phase === 'information') return recordInformation(report, dependencies);
  // Before the incident: should this invocation die in between, the status-change event finds its way all the same.
  if (executionArn !== undefined) {
    await dependencies.incidents.joinExecution(executionArn, incidentKey(report.subject));
  }
  return recordProblem(report, dependencies);
}

async function recordProblem(report: ProblemReport, dependencies: NotifyDependencies): Promise<NotifyResult> {
  const { incidents, clock } = dependencies;
  const key = incidentKey(report.subject);
  const opening = { isNew: false };
  await incidents.change(key, (incident) => {
    opening.isNew = incident === undefined;
    return applyReport(incident, report, clock.now());
  });
  // A recovery that was reported before its problem left a note. Who recovers writes the note first and reads the
  // incident then, who opens does it the other way round: one of the two sees the other.
  const notes = await incidents.recoveries(key);
  const incident = await incidents.change(key, (current) => {
    if (current === undefined) return undefined;
    const merged = applyRecoveries(current, notes, clock.now());
    return opening.isNew && isUnheard(merged) ? null : merged;
  });
  if (incident === undefined) return { outcome: 'silent', posted: 0, incident: key };
  const waitsForTick =
    incident.letters.some(({ kind }) => kind === 'first') &&
    !(opening.isNew && (await incidents.mayOpenAtOnce()));
  return { outcome: 'recorded', posted: waitsForTick ? 0 : await post(key, dependencies), incident: key };
}

async function recordRecovery(
  report: RecoveryReport,
  dependencies: NotifyDependencies,
): Promise<NotifyResult> {
  const { incidents, clock } = dependencies;
  const key = incidentKey(report.subject);
  await incidents.noteRecovery(key, report.scope, report.at);
  const incident = await incidents.change(key, (current) => applyReport(current, report, clock.now()));
  if (incident === undefined) return { outcome: 'silent', posted: 0, incident: key };
  return { outcome: 'recorded', posted: await post(key, dependencies), incident: key };
}

async function recordInformation(
  report: InformationReport,
  dependencies: NotifyDependencies,
): Promise<NotifyResult> {
  const { incidents, clock } = dependencies;
  const key = informationKey(report);
  await incidents.change(key, (current) => current ?? createInformation(report, clock.now()));
  return { outcome: 'recorded', posted: await post(key, dependencies), incident: key };
}

async function recordExecution(
  report: ProblemReport,
  executionArns: readonly string[],
  dependencies: NotifyDependencies,
): Promise<NotifyResult> {
  const { incidents, clock } = dependencies;
  for (const executionArn of executionArns) {
    const incident = await incidents.incidentOfExecution(executionArn);
    if (incident !== undefined) return { outcome: 'joined', posted: 0, incident };
  }
  const key = incidentKey(report.subject);
  const known = await incidents.get(key);
  if (known !== undefined && report.subject.type !== 'execution' && spokeLately(known, clock.now())) {
    return { outcome: 'joined', posted: 0, incident: key };
  }
  return recordProblem(report, dependencies);
}

const spokeLately = (incident: Incident, now: Date): boolean =>
  incident.status === 'open' &&
  incident.problems.some(({ kind }) => kind !== 'execution-failed') &&
  [incident.openedAt, incident.spokenAt, ...incident.problems.map(({ lastAt }) => lastAt)].some(
    (at) => at !== undefined && secondsBetween(at, now) < sameCauseSeconds,
  );

/** Posts what the incident has to tell, unless Slack wants to be left alone; then the tick does it. */
async function post(key: string, dependencies: NotifyDependencies): Promise<number> {
  if (await dependencies.incidents.isPaused()) return 0;
  for (let tries = 0; tries < busyTries; tries += 1) {
    const result = await deliverIncident(key, dependencies);
    if (result.outcome !== 'busy') return result.posted;
    // Whoever is at it may have read the incident before our change; look again when it is done.
    await dependencies.clock.sleep(busyWaitMs);
  }
  return 0;
}
