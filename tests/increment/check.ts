import { checkSource } from '../../functions/check-source/check-source.ts';
import type { LocalPostgres } from '../../local/postgres/postgres.ts';
import * as changedRows from '../../shared/clients/postgres/changed-rows.ts';
import { probePlain } from '../../shared/clients/postgres/plain-probe.ts';
import { listTables } from '../../shared/clients/postgres/selectable-tables.ts';
import { readServer } from '../../shared/clients/postgres/server-facts.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { systemClock, type Clock } from '../../shared/clock.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import type { MarkHeader } from '../../shared/contracts/mark.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { silentLog } from '../support/silent-log.ts';
import { silentMetrics } from '../support/silent-metrics.ts';
import { secretsOf, type createIncrement } from './harness.ts';

/** What of the world is otherwise than it is. */
export interface AlteredWorld {
  secret?: Record<string, unknown>;
  mark?: (mark: MarkHeader) => MarkHeader;
  server?: Partial<Awaited<ReturnType<typeof readServer>>>;
  /** Pages of each table. */
  pages?: number;
  clock?: Clock;
}

/** check-source with a real PostgreSQL, for the connection and the marks of an increment. */
export async function checkOf(
  postgres: LocalPostgres,
  { record, marks }: Pick<ReturnType<typeof createIncrement>, 'record' | 'marks'>,
  altered: AlteredWorld = {},
): Promise<Finding[]> {
  const secrets = secretsOf(postgres);
  const { findings } = await checkSource(
    { source: 'rental', connectionId: record.connectionId },
    {
      postgres: createPostgres({
        secrets: {
          ...secrets,
          read: async (secretId, schema, options) => {
            const secret: unknown = await secrets.read(secretId, schema, options);
            return parse(schema, Object.assign({}, secret, altered.secret), secretId);
          },
        },
        sourceSecretPrefix: 'test/source/',
        applicationName: 'check-source',
      }),
      marks: {
        latest: async (connectionId) => {
          const mark = await marks.latest(connectionId);
          return mark === undefined ? undefined : (altered.mark?.(mark) ?? mark);
        },
      },
      evidence: {
        share: async (_, gather) => ({ outcome: 'gathered', findings: (await gather()).all }),
        keep: () => Promise.resolve(),
      },
      slots: { use: (_, __, work) => work() },
      connections: { read: () => Promise.resolve({ ...record, sourceRole: 'fivetran' }) },
      reads: {
        ...changedRows,
        ...sourceFacts,
        listTables,
        probePlain,
        ...(altered.pages === undefined ? {} : { pagesOf: () => Promise.resolve(altered.pages ?? 0) }),
        readServer: async (session, options) => ({
          ...(await readServer(session, options)),
          ...altered.server,
        }),
      },
      clock: altered.clock ?? systemClock,
      log: silentLog,
      metrics: silentMetrics,
    },
  );
  return findings;
}

/** The finding of one check. */
export const named = (found: readonly Finding[], check: string): Finding | undefined =>
  found.find((finding) => finding.check === check);
