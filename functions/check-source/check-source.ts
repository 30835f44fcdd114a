import type { LoginSlots } from '../../shared/clients/ledger/login-slots.ts';
import type { SourceEvidence } from '../../shared/clients/ledger/source-evidence.ts';
import type { Marks } from '../../shared/clients/ledger/marks.ts';
import type { probePlain } from '../../shared/clients/postgres/plain-probe.ts';
import type { listTables } from '../../shared/clients/postgres/selectable-tables.ts';
import type { readServer } from '../../shared/clients/postgres/server-facts.ts';
import type { Postgres, PostgresSession } from '../../shared/clients/postgres/session.ts';
import type { readTables } from '../../shared/clients/postgres/source-facts.ts';
import type { Clock } from '../../shared/clock.ts';
import type { ConnectionRecord } from '../../shared/contracts/connection-record.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import type { CheckSourceInput } from '../../shared/contracts/increment.ts';
import type { MarkHeader } from '../../shared/contracts/mark.ts';
import type { ServerIdentity, TableFacts } from '../../shared/contracts/source-facts.ts';
import { SourceQueryError, UnavailableError } from '../../shared/errors.ts';
import type { Log } from '../../shared/log.ts';
import type { Metrics } from '../../shared/metrics.ts';
import { connectFinding } from '../../shared/rules/connect-fault.ts';
import { summarizeSource, type SourceCheckResult } from '../../shared/rules/foreseen.ts';
import { headroomFindings, headroomUsedPercent, type HeadroomTimes } from '../../shared/rules/headroom.ts';
import { historyFindings } from '../../shared/rules/source-history.ts';
import { oldestCheckedVersion, serverFindings } from '../../shared/rules/source-server.ts';
import { noLoginFree } from '../../shared/rules/logins.ts';
import { tableFindings } from '../../shared/rules/source-tables.ts';
import { methodLimitFindings } from '../../shared/rules/method-limits.ts';
import { countChanges, type CountingReads } from './count-changes.ts';

export interface CheckSourceDependencies {
  postgres: Postgres;
  marks: Pick<Marks, 'latest'>;
  evidence: SourceEvidence;
  slots: LoginSlots;
  connections: { read(connectionId: string): Promise<ConnectionRecord | undefined> };
  reads: CountingReads & {
    readServer: typeof readServer;
    readTables: typeof readTables;
    listTables: typeof listTables;
    probePlain: typeof probePlain;
  };
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

/** Tables looked at where no connection says which are selected. */
const mostTables = 1_000;
const longTransactionSeconds = 1_800;
/** For counting changed rows; what is not counted by then is bounded by counters. Evidence must be there in 20 s. */
const countSeconds = 8;
/** Within the function's two minutes, of which a check may need one. */
const slotWaitSeconds = 45;
/** Within the 20 s that a machine gives its evidence. */
const slotWaitOfEvidenceSeconds = 6;

/**
 * Everything that a read-only role can learn about the source's fitness, as findings; with a connection, also about
 * its selected tables and the limits of its update method. Never fails because of the source: what cannot be
 * reached or seen is a finding, and so is that too many others are logged in for checks.
 *
 * @throws ConfigError when the source's secret is missing or incomplete
 * @throws UnavailableError when the ledger or Secrets Manager cannot be asked, or when evidence that is to be shared
 *   found no free login
 */
export async function checkSource(
  input: CheckSourceInput,
  dependencies: CheckSourceDependencies,
): Promise<SourceCheckResult> {
  const { source, connectionId } = input;
  dependencies.log.remember({ source, ...(connectionId === undefined ? {} : { connectionId }) });
  if (input.shared !== true) {
    const checked = await inTurn(input, slotWaitSeconds, dependencies);
    if (checked === undefined) return summarizeSource([busy]);
    await dependencies.evidence.keep(source, checked.ofSource);
    return summarizeSource(checked.all, input);
  }
  const evidence = await dependencies.evidence.share(source, async () => {
    const checked = await inTurn(input, slotWaitOfEvidenceSeconds, dependencies);
    // Thrown, so that nobody shares it as something that was found out.
    if (checked === undefined) throw new UnavailableError(busy.summary);
    return checked;
  });
  if (evidence.outcome === 'gathered') return summarizeSource(evidence.findings);
  if (evidence.outcome === 'shared')
    return summarizeSource([...evidence.findings, spared(evidence.gatheredAt)]);
  return summarizeSource([
    {
      check: 'source.reachable',
      status: 'skipped',
      summary: 'Another check of this source takes very long.',
    },
  ]);
}

const busy: Finding = {
  check: 'source.reachable',
  status: 'skipped',
  summary: `The source was not checked: ${noLoginFree}.`,
};

const inTurn = (
  input: CheckSourceInput,
  waitSeconds: number,
  dependencies: CheckSourceDependencies,
): Promise<Checked | undefined> =>
  dependencies.slots.use(input.source, waitSeconds, () => check(input, dependencies));

const spared = (gatheredAt: string): Finding => ({
  check: 'source.tables',
  status: 'skipped',
  summary: `The source was checked at ${gatheredAt.slice(11, 19)} UTC already and is spared another login, so the tables of this connection were not looked at now.`,
});

interface Checked {
  /** What holds for every connection of the source. */
  ofSource: Finding[];
  all: Finding[];
}

async function check(
  { source, connectionId }: CheckSourceInput,
  dependencies: CheckSourceDependencies,
): Promise<Checked> {
  const { postgres, marks, connections, log } = dependencies;
  const record = connectionId === undefined ? undefined : await connections.read(connectionId);
  const mark = connectionId === undefined ? undefined : await marks.latest(connectionId);
  const connected = await postgres.connect(source, { freshSecret: true });
  if (connected.outcome === 'failed') {
    log.warn('SOURCE_UNREACHABLE', 'There is no session with the source.', { kind: connected.fault.kind });
    const fault = [connectFinding(connected.fault)];
    return { ofSource: fault, all: fault };
  }
  const { session } = connected;
  const checked: Checked = { ofSource: [], all: [] };
  const found = (findings: readonly Finding[], whose: 'source' | 'connection'): void => {
    checked.all.push(...findings);
    if (whose === 'source') checked.ofSource.push(...findings);
  };
  found(
    [
      {
        check: 'source.reachable',
        status: 'ok',
        summary: `PostgreSQL answers at ${session.host}:${String(session.port)} as ${session.username} on ${session.database}.`,
      },
    ],
    'source',
  );
  try {
    await look(session, record, mark, dependencies, found);
  } catch (error) {
    if (!(error instanceof SourceQueryError) && !(error instanceof UnavailableError)) throw error;
    const early: Finding = {
      check: error instanceof UnavailableError ? 'source.reachable' : 'source.checks',
      status: error instanceof UnavailableError ? 'blocking' : 'skipped',
      summary: `The checks ended early: ${error.message}`,
    };
    found([early], error instanceof UnavailableError ? 'source' : 'connection');
  } finally {
    await session.close();
  }
  return checked;
}

async function look(
  session: PostgresSession,
  record: ConnectionRecord | undefined,
  mark: MarkHeader | undefined,
  dependencies: CheckSourceDependencies,
  found: (findings: readonly Finding[], whose: 'source' | 'connection') => void,
): Promise<void> {
  const { reads, log } = dependencies;
  const roles = [
    session.username,
    ...(record?.sourceRole === undefined || record.sourceRole === session.username
      ? []
      : [record.sourceRole]),
  ];
  const server = await reads.readServer(session, { roles, longTransactionSeconds });
  const plain = await reads.probePlain(session);
  found(serverFindings(server, plain, session.database, longTransactionSeconds), 'source');
  if (record !== undefined) found(methodLimitFindings(record.updateMethod, server), 'connection');
  if (server.versionNumber < oldestCheckedVersion * 10_000) return;

  const asked = record?.tables ?? (await reads.listTables(session, mostTables));
  const tables = await reads.readTables(session, asked, roles);
  const ofTables = tableFindings(tables, roles);
  found(ofTables, 'connection');
  if (record === undefined) return;
  found(historyFindings(mark, server.identity, tables, record.updateMethod), 'connection');
  if (record.updateMethod === 'TELEPORT') {
    found(await headroom(session, record, mark, server.identity, tables, dependencies), 'connection');
  }
  log.info('CHECKED', 'The source was checked.', {
    tables: tables.length,
    troubled: ofTables.filter(({ status }) => status === 'warning' || status === 'blocking').length,
  });
}

async function headroom(
  session: PostgresSession,
  record: ConnectionRecord,
  mark: MarkHeader | undefined,
  server: ServerIdentity,
  tables: readonly TableFacts[],
  { reads, clock, metrics }: CheckSourceDependencies,
): Promise<Finding[]> {
  if (mark === undefined) {
    return [
      {
        check: 'source.teleport-headroom',
        status: 'skipped',
        summary: 'Changed rows count from the first mark on, and there is none yet.',
      },
    ];
  }
  const endMs = clock.now().getTime() + countSeconds * 1000;
  const mayCount = (): boolean => clock.now().getTime() < endMs;
  const changes = await countChanges({ session, mark, server, tables, reads, mayCount });
  const times: HeadroomTimes = {
    sinceAt: new Date(mark.completedAt),
    now: clock.now(),
    frequencyMinutes: record.syncFrequencyMinutes,
    lastSyncAt: record.succeededAt === undefined ? undefined : new Date(record.succeededAt),
  };
  metrics.counts({ HeadroomUsedPercent: headroomUsedPercent(changes, times) });
  return headroomFindings(changes, times);
}
