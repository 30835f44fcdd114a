import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { SyncState, type ReportedEnd } from '../../contracts/sync-state.ts';
import type { LedgerTable } from './table.ts';

/** Memory of syncs: who handles which, what was reported, how each connection stands. */
export interface Syncs {
  state(connectionId: string): Promise<SyncState>;
  /** Every connection of which something was noted, by id: one partition, read in pages of a megabyte. */
  states(): Promise<Map<string, SyncState>>;
  /** Sets the given fields and leaves the others. */
  change(connectionId: string, change: Partial<SyncState>): Promise<void>;
  /**
   * `true` when `holder` is the one who handles that sync. The first one wins, whoever it is; asking again as the
   * same holder gives the same answer.
   */
  claim(connectionId: string, sync: string, holder: string): Promise<boolean>;
  /** Notes a start that the webhook reported. */
  noteStart(connectionId: string, start: { syncId: string; startedAt: string }): Promise<void>;
  /** Notes an end that the webhook reported, unless a later one is known. */
  noteEnd(connectionId: string, end: Omit<ReportedEnd, 'startedAt'>): Promise<void>;
}

/** How long a handled sync is remembered: longer than Fivetran repeats a webhook (a day). */
const claimSeconds = 30 * 86_400;

const fleet = 'fleet';
const stateKey = (connectionId: string) => ({ pk: fleet, sk: `connection#${connectionId}` });
const keyOf = (connectionId: string, sk: string) => ({ pk: `connection#${connectionId}`, sk });

export function createSyncs(table: LedgerTable, clock: Clock): Syncs {
  const expiresAt = (): number => Math.floor(clock.now().getTime() / 1000) + claimSeconds;
  return {
    async state(connectionId) {
      return readState(await table.get(stateKey(connectionId)));
    },

    async states() {
      const states = new Map<string, SyncState>();
      const pages = table.pages(fleet, { skPrefix: 'connection#', fields: Object.keys(SyncState.shape) });
      for await (const items of pages) {
        for (const item of items) states.set(item.sk.slice('connection#'.length), readState(item));
      }
      return states;
    },

    async change(connectionId, change) {
      const fields = Object.entries(change).filter(([, value]) => value !== undefined);
      if (fields.length === 0) return;
      await table.update(stateKey(connectionId), {
        expression: `SET ${fields.map((_, index) => `#f${index} = :v${index}`).join(', ')}`,
        names: Object.fromEntries(fields.map(([name], index) => [`#f${index}`, name])),
        values: Object.fromEntries(fields.map(([, value], index) => [`:v${index}`, value])),
      });
    },

    claim: (connectionId, sync, holder) =>
      table.put(
        { ...keyOf(connectionId, `sync#${sync}`), holder, expiresAt: expiresAt() },
        {
          expression: 'attribute_not_exists(pk) OR holder = :holder',
          values: { ':holder': holder },
        },
      ),

    async noteStart(connectionId, { syncId, startedAt }) {
      await table.update(stateKey(connectionId), {
        expression: 'SET reportedStart = :start',
        values: { ':start': { syncId, startedAt } },
      });
    },

    async noteEnd(connectionId, end) {
      const { reportedStart } = readState(await table.get(stateKey(connectionId)));
      await table.update(
        stateKey(connectionId),
        {
          expression: 'SET reported = :reported, reportedEndAt = :endedAt',
          values: {
            ':reported': { ...end, startedAt: startOf(end, reportedStart) },
            ':endedAt': end.endedAt,
          },
        },
        {
          expression: 'attribute_not_exists(reportedEndAt) OR reportedEndAt < :endedAt',
        },
      );
    },
  };
}

function readState(item: unknown): SyncState {
  const result = z.safeParse(SyncState, item);
  if (!result.success) return {};
  const { reported, reportedStart } = result.data;
  if (reported?.startedAt !== null) return result.data;
  // Of a short sync the webhook may tell the end first.
  return { ...result.data, reported: { ...reported, startedAt: startOf(reported, reportedStart) } };
}

function startOf({ syncId }: Pick<ReportedEnd, 'syncId'>, start: SyncState['reportedStart']): string | null {
  return syncId !== '' && start?.syncId === syncId ? start.startedAt : null;
}
