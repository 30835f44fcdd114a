import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import { ConnectionRecord } from '../../contracts/connection-record.ts';
import { parse } from '../../contracts/parse.ts';
import type { LedgerTable } from './table.ts';

/** How a connection reaches its database and its destination: what seldom changes, kept to save API calls. */
export const ConnectionPath = z.object({
  privateLinkId: z.string(),
  groupId: z.string(),
  /** Empty when the private link leads to no endpoint service of ours. */
  serviceId: z.string(),
  /** Empty when the endpoint service names no source. */
  source: z.string(),
  destination: z.object({ service: z.string(), catalog: z.string() }),
  /** Our clock. */
  learnedAt: z.string(),
});
export type ConnectionPath = z.output<typeof ConnectionPath>;

/** What the ledger knows of connections for functions that cannot, or need not, ask Fivetran. */
export interface Connections {
  /** Replaces the record; large ones are cut into chunks, the header is written last. */
  write(record: ConnectionRecord): Promise<void>;
  /** The record, or undefined when none was written yet. */
  read(connectionId: string): Promise<ConnectionRecord | undefined>;
  path(connectionId: string): Promise<ConnectionPath | undefined>;
  writePath(connectionId: string, path: ConnectionPath): Promise<void>;
}

/** DynamoDB refuses items over 400 KB. */
const chunkBytes = 350_000;

const Header = z.object({ stamp: z.string(), chunks: z.number() });
const keyOf = (connectionId: string, sk: string) => ({ pk: `connection#${connectionId}`, sk });
const chunkKey = (connectionId: string, stamp: string, index: number) =>
  keyOf(connectionId, `record-chunk#${stamp}#${String(index).padStart(4, '0')}`);

export function createConnections(table: LedgerTable): Connections {
  return {
    async write(record) {
      const packed = gzipSync(JSON.stringify(record));
      const before = readHeader(await table.get(keyOf(record.connectionId, 'record')));
      const chunks = Math.max(1, Math.ceil(packed.length / chunkBytes));
      const stamp = record.recordedAt;
      for (let index = 0; index < chunks; index += 1) {
        await table.put({
          ...chunkKey(record.connectionId, stamp, index),
          bytes: packed.subarray(index * chunkBytes, (index + 1) * chunkBytes),
        });
      }
      await table.put({ ...keyOf(record.connectionId, 'record'), stamp, chunks });
      if (before === undefined || before.stamp === stamp) return;
      for (let index = 0; index < before.chunks; index += 1) {
        await table.delete(chunkKey(record.connectionId, before.stamp, index));
      }
    },

    async read(connectionId) {
      // A record that is replaced while it is read loses its chunks; the next header then leads to the new ones.
      for (let tries = 0; tries < 3; tries += 1) {
        const header = readHeader(await table.get(keyOf(connectionId, 'record')));
        if (header === undefined) return undefined;
        const packed = await readChunks(table, connectionId, header);
        if (packed === undefined) continue;
        const record: unknown = JSON.parse(gunzipSync(packed).toString());
        return parse(ConnectionRecord, record, `The ledger's record of connection ${connectionId}`);
      }
      return undefined;
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

function readHeader(item: unknown): z.output<typeof Header> | undefined {
  const result = z.safeParse(Header, item);
  return result.success ? result.data : undefined;
}

async function readChunks(
  table: LedgerTable,
  connectionId: string,
  { stamp, chunks }: z.output<typeof Header>,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < chunks; index += 1) {
    const item = await table.get(chunkKey(connectionId, stamp, index));
    if (!(item?.bytes instanceof Uint8Array)) return undefined;
    parts.push(item.bytes);
  }
  return Buffer.concat(parts);
}
