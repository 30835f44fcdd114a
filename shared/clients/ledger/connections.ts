import * as z from 'zod/mini';
import { ConnectionPath } from '../../contracts/connection-path.ts';
import { ConnectionRecord } from '../../contracts/connection-record.ts';
import { parse } from '../../contracts/parse.ts';
import { readPacked, writePacked } from './packed.ts';
import type { LedgerTable } from './table.ts';

/** What the ledger knows of connections for functions that cannot, or need not, ask Fivetran. */
export interface Connections {
  /** Replaces the record. */
  write(record: ConnectionRecord): Promise<void>;
  /** The record, or undefined when none was written yet. */
  read(connectionId: string): Promise<ConnectionRecord | undefined>;
  path(connectionId: string): Promise<ConnectionPath | undefined>;
  writePath(connectionId: string, path: ConnectionPath): Promise<void>;
}

const keyOf = (connectionId: string, sk: string) => ({ pk: `connection#${connectionId}`, sk });

export function createConnections(table: LedgerTable): Connections {
  return {
    async write(record) {
      const key = keyOf(record.connectionId, 'record');
      await writePacked(table, key, JSON.stringify(record), record.recordedAt);
    },

    async read(connectionId) {
      const json = await readPacked(table, keyOf(connectionId, 'record'));
      if (json === undefined) return undefined;
      const record: unknown = JSON.parse(json);
      return parse(ConnectionRecord, record, `The ledger's record of connection ${connectionId}`);
    },

    async path(connectionId) {
      const result = z.safeParse(ConnectionPath, await table.get(keyOf(connectionId, 'path')));
      return result.success ? result.data : undefined;
    },

    async writePath(connectionId, path) {
      await table.put({ ...keyOf(connectionId, 'path'), ...path });
    },
  };
}
