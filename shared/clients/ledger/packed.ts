import { gunzipSync, gzipSync } from 'node:zlib';
import * as z from 'zod/mini';
import type { LedgerKey, LedgerTable } from './table.ts';

/** DynamoDB refuses items over 400 KB. */
const chunkBytes = 350_000;

const Header = z.object({ stamp: z.string(), chunks: z.number() });
type Header = z.output<typeof Header>;

const chunkKey = ({ pk, sk }: LedgerKey, stamp: string, index: number): LedgerKey => ({
  pk,
  sk: `${sk}-chunk#${stamp}#${String(index).padStart(4, '0')}`,
});

/**
 * Replaces a JSON text that may be larger than an item: compressed, cut into chunks, the header written last.
 *
 * @param stamp tells this version from the one before
 */
export async function writePacked(
  table: LedgerTable,
  key: LedgerKey,
  json: string,
  stamp: string,
): Promise<void> {
  const packed = gzipSync(json);
  const before = headerOf(await table.get(key));
  const chunks = Math.max(1, Math.ceil(packed.length / chunkBytes));
  for (let index = 0; index < chunks; index += 1) {
    await table.put({
      ...chunkKey(key, stamp, index),
      bytes: packed.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    });
  }
  await table.put({ ...key, stamp, chunks });
  if (before === undefined || before.stamp === stamp) return;
  for (let index = 0; index < before.chunks; index += 1) {
    await table.delete(chunkKey(key, before.stamp, index));
  }
}

/** The JSON text; undefined when there is none. */
export async function readPacked(table: LedgerTable, key: LedgerKey): Promise<string | undefined> {
  // A version that is replaced while it is read loses its chunks; the next header then leads to the new ones.
  for (let tries = 0; tries < 3; tries += 1) {
    const header = headerOf(await table.get(key));
    if (header === undefined) return undefined;
    const packed = await readChunks(table, key, header);
    if (packed !== undefined) return gunzipSync(packed).toString();
  }
  return undefined;
}

function headerOf(item: unknown): Header | undefined {
  const result = z.safeParse(Header, item);
  return result.success ? result.data : undefined;
}

async function readChunks(
  table: LedgerTable,
  key: LedgerKey,
  { stamp, chunks }: Header,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  for (let index = 0; index < chunks; index += 1) {
    const item = await table.get(chunkKey(key, stamp, index));
    if (!(item?.bytes instanceof Uint8Array)) return undefined;
    parts.push(item.bytes);
  }
  return Buffer.concat(parts);
}
