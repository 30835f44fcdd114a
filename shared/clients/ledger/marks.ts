import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import {
  MarkChunk,
  MarkHeader,
  MarkState,
  RecheckAnswer,
  RecheckRequest,
  type MarkedRow,
} from '../../contracts/mark.ts';
import { parse } from '../../contracts/parse.ts';
import type { LedgerItem, LedgerTable } from './table.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** How long a mark may judge a sync. The same for what belongs to it. */
const keptSeconds = 14 * 86_400;
/** An item of DynamoDB holds 400 KB; digests hardly compress, so a chunk is cut before it is compressed. */
const chunkBytes = 350_000;
/** A sync is judged by one of the last marks, never by an old one. */
const headersRead = 20;

/** Takes the rows of one mark, table by table, and makes it exist by its header at the end. */
export interface MarkWriter {
  /** Bytes taken so far, before compression. */
  readonly bytes: number;
  addRow(table: number, row: MarkedRow): Promise<void>;
  addKey(table: number, key: string[]): Promise<void>;
  /** Makes the mark exist. */
  finish(header: Omit<MarkHeader, 'chunks'>): Promise<MarkHeader>;
}

/**
 * Marks, and what one verification leaves for the next. Rows are compressed chunks; the header is written last, so
 * a mark is whole or does not exist.
 */
export interface Marks {
  begin(connectionId: string, markId: string): MarkWriter;
  /** The latest mark, or the latest that was complete at `completedBefore`. */
  latest(connectionId: string, completedBefore?: string): Promise<MarkHeader | undefined>;
  find(connectionId: string, markId: string): Promise<MarkHeader | undefined>;
  /** The rows and keys of a mark, chunk by chunk. */
  read(header: MarkHeader): AsyncIterable<MarkChunk>;
  state(connectionId: string): Promise<MarkState>;
  saveState(connectionId: string, state: MarkState): Promise<void>;
  /** What a verification found different. */
  saveRecheck(connectionId: string, recheckId: string, request: RecheckRequest): Promise<void>;
  recheck(connectionId: string, recheckId: string): Promise<RecheckRequest | undefined>;
  saveAnswer(connectionId: string, recheckId: string, answer: RecheckAnswer): Promise<void>;
  answer(connectionId: string, recheckId: string): Promise<RecheckAnswer | undefined>;
}

export function createMarks(table: LedgerTable, clock: Clock): Marks {
  const expiresAt = (): number => Math.floor(clock.now().getTime() / 1000) + keptSeconds;
  const live = (item: LedgerItem): boolean =>
    typeof item.expiresAt !== 'number' || item.expiresAt * 1000 > clock.now().getTime();

  async function put(pk: string, sk: string, value: unknown, expires = true): Promise<void> {
    const data = await deflate(JSON.stringify(value));
    await table.put({ pk, sk, data, ...(expires ? { expiresAt: expiresAt() } : {}) });
  }

  /** Large values lie in as many items as they need, in order. */
  async function putLarge(pk: string, value: unknown): Promise<void> {
    const data = await deflate(JSON.stringify(value));
    const parts = Math.max(1, Math.ceil(data.length / chunkBytes));
    // The first part is written last: while it is missing, nothing is there.
    for (let part = parts - 1; part >= 0; part -= 1) {
      await table.put({
        pk,
        sk: `part#${numbered(part)}`,
        parts,
        data: data.subarray(part * chunkBytes, (part + 1) * chunkBytes),
        expiresAt: expiresAt(),
      });
    }
  }

  async function getLarge<Schema extends z.ZodMiniType>(
    pk: string,
    schema: Schema,
    what: string,
  ): Promise<z.output<Schema> | undefined> {
    const items = await table.query(pk, { skPrefix: 'part#' });
    const [first] = items;
    if (first === undefined || !live(first) || first.parts !== items.length) return undefined;
    const data = Buffer.concat(items.map((item) => bytesOf(item)));
    return parse(schema, JSON.parse((await inflate(data)).toString()), what);
  }

  async function unpack<Schema extends z.ZodMiniType>(
    item: LedgerItem,
    schema: Schema,
    what: string,
  ): Promise<z.output<Schema>> {
    return parse(schema, JSON.parse((await inflate(bytesOf(item))).toString()), what);
  }

  const headersOf = (connectionId: string): string => `marks#${connectionId}`;
  const chunksOf = (connectionId: string, markId: string): string => `mark#${connectionId}#${markId}`;
  const recheckOf = (connectionId: string, recheckId: string): string =>
    `recheck#${connectionId}#${recheckId}`;

  return {
    begin(connectionId, markId) {
      let bytes = 0;
      let size = 0;
      let chunks = 0;
      let chunk: MarkChunk = { table: 0, rows: [], keys: [] };
      const flush = async (): Promise<void> => {
        if (chunk.rows.length + chunk.keys.length === 0) return;
        const full = chunk;
        chunk = { table: full.table, rows: [], keys: [] };
        size = 0;
        chunks += 1;
        await put(chunksOf(connectionId, markId), `chunk#${numbered(chunks)}`, full);
      };
      const grow = async (tableIndex: number, added: number): Promise<void> => {
        if (chunk.table !== tableIndex || size + added > chunkBytes) await flush();
        chunk.table = tableIndex;
        size += added;
        bytes += added;
      };
      return {
        get bytes() {
          return bytes;
        },
        async addRow(tableIndex, row) {
          await grow(tableIndex, JSON.stringify(row).length + 1);
          chunk.rows.push(row);
        },
        async addKey(tableIndex, key) {
          await grow(tableIndex, JSON.stringify(key).length + 1);
          chunk.keys.push(key);
        },
        async finish(header) {
          await flush();
          const whole = { ...header, chunks };
          await put(headersOf(connectionId), `header#${header.completedAt}#${markId}`, whole);
          return whole;
        },
      };
    },

    async latest(connectionId, completedBefore) {
      const items = await table.query(headersOf(connectionId), {
        skPrefix: 'header#',
        descending: true,
        limit: headersRead,
      });
      const found = items.find(
        (item) => live(item) && (completedBefore === undefined || completedAtOf(item) <= completedBefore),
      );
      return found === undefined ? undefined : unpack(found, MarkHeader, 'A mark');
    },

    async find(connectionId, markId) {
      const items = await table.query(headersOf(connectionId), {
        skPrefix: 'header#',
        descending: true,
        limit: headersRead,
      });
      const found = items.find((item) => live(item) && item.sk.endsWith(`#${markId}`));
      return found === undefined ? undefined : unpack(found, MarkHeader, 'A mark');
    },

    async *read({ connectionId, markId, chunks }) {
      for (let index = 1; index <= chunks; index += 1) {
        const item = await table.get({
          pk: chunksOf(connectionId, markId),
          sk: `chunk#${numbered(index)}`,
        });
        if (item !== undefined) yield await unpack(item, MarkChunk, 'A piece of a mark');
      }
    },

    async state(connectionId) {
      const item = await table.get({ pk: headersOf(connectionId), sk: 'state' });
      return item === undefined
        ? { tables: {}, ghosts: {}, lastVerifiedAt: '' }
        : unpack(item, MarkState, 'What is remembered of earlier verifications');
    },

    saveState: (connectionId, state) => put(headersOf(connectionId), 'state', state, false),
    saveRecheck: (connectionId, recheckId, request) =>
      putLarge(`${recheckOf(connectionId, recheckId)}#request`, request),
    recheck: (connectionId, recheckId) =>
      getLarge(`${recheckOf(connectionId, recheckId)}#request`, RecheckRequest, 'A recheck'),
    saveAnswer: (connectionId, recheckId, answer) =>
      putLarge(`${recheckOf(connectionId, recheckId)}#answer`, answer),
    answer: (connectionId, recheckId) =>
      getLarge(`${recheckOf(connectionId, recheckId)}#answer`, RecheckAnswer, "A recheck's answer"),
  };
}

const numbered = (index: number): string => String(index).padStart(6, '0');

const completedAtOf = ({ sk }: LedgerItem): string => sk.split('#')[1] ?? '';

function bytesOf({ data }: LedgerItem): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array();
}
