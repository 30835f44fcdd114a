import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import { readPacked, writePacked } from './packed.ts';
import type { LedgerTable } from './table.ts';

/** How a connection stood when reconciliation saw it last. */
export const SeenConnection = z.object({
  /** Fivetran's time of the last end that was seen; empty before the first. */
  endedAt: z.string(),
  failed: z.boolean(),
  updateMethod: z.string(),
  paused: z.boolean(),
  /** Conditions that on-call has been told about, with their beginning. */
  conditions: z.record(z.string(), z.string()),
});
export type SeenConnection = z.output<typeof SeenConnection>;

/** Reconciliation's memory of all connections, for one run. */
export interface Fleet {
  /** How it stood in the run before; undefined when it was not there. */
  before(connectionId: string): SeenConnection | undefined;
  note(connectionId: string, seen: SeenConnection): void;
  /**
   * Keeps what was noted, unless nothing is different from before.
   *
   * @param forgetOthers whether connections that were not noted are no more
   */
  save(options: { forgetOthers: boolean }): Promise<void>;
}

/**
 * All connections in one value, so that thousands are read and written with a few requests: a line for each. A line
 * is read only when its connection is looked at, because thousands of objects at once would be most of the memory
 * that a run needs.
 */
const key = { pk: 'fleet', sk: 'seen' };

export async function openFleet(table: LedgerTable, clock: Clock): Promise<Fleet> {
  const stored = (await readPacked(table, key)) ?? '';
  const before = new Map(stored.split('\n').filter(Boolean).map(cutLine));
  const noted = new Map<string, string>();
  return {
    before: (connectionId) => readLine(before.get(connectionId)),
    note: (connectionId, seen) => void noted.set(connectionId, JSON.stringify(seen)),
    async save({ forgetOthers }) {
      const lines = forgetOthers ? noted : new Map([...before, ...noted]);
      const text = [...lines].map(([id, line]) => `${id} ${line}`).join('\n');
      if (text !== stored) await writePacked(table, key, text, clock.now().toISOString());
    },
  };
}

function cutLine(line: string): [string, string] {
  const space = line.indexOf(' ');
  return [line.slice(0, space), line.slice(space + 1)];
}

function readLine(line: string | undefined): SeenConnection | undefined {
  if (line === undefined) return undefined;
  const result = z.safeParse(SeenConnection, JSON.parse(line));
  return result.success ? result.data : undefined;
}
