import { beforeEach, describe, expect, it } from 'vitest';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import { NotFoundError, UnavailableError } from '../../shared/errors.ts';
import { createMemoryIncrement } from '../../tests/increment/memory-increment.ts';

let increment: ReturnType<typeof createMemoryIncrement>;
beforeEach(async () => {
  increment = createMemoryIncrement();
  increment.database.write(1, 'abe');
  increment.database.write(2, 'ka');
  await increment.markId();
  increment.sync();
});

/** As run-sync does it: compare, recheck when asked to, and compare again. */
async function settle(markId: string, betweenLooks: () => void = () => undefined) {
  const first = await increment.verify({ markId });
  if (first.verdict !== 'recheck') return first;
  betweenLooks();
  await increment.recheck(first.recheckId);
  return increment.verify({ markId, recheckId: first.recheckId });
}

describe('verified', () => {
  it('says how many changed rows were found', async () => {
    increment.database.write(3, 'bo');
    increment.database.write(1, 'abraham');
    const markId = await increment.markId();
    increment.sync();
    expect(await increment.verify({ markId })).toMatchObject({
      verdict: 'verified',
      rows: 2,
      tables: [{ schema: 'public', table: 'actor', compared: 2, missing: 0, carried: 0 }],
      summary: '2 changed rows found at the destination (1 table compared).',
    });
  });

  it('leaves a row that changed again meanwhile to the next sync', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.sync(() => true);
    const result = await settle(markId, () => {
      increment.database.write(3, 'bob');
    });
    expect(result).toMatchObject({ verdict: 'verified', rows: 0, tables: [{ carried: 1 }] });
    expect(result.summary).toContain('1 row changed again and is left to the next sync');
  });

  it('moves on: the next mark has only what changed since', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.sync();
    await increment.verify({ markId });
    increment.database.write(4, 'di');
    expect(await increment.mark()).toMatchObject({ changedRows: 1 });
  });
});

it('leaves to the next mark what there is no time for, and what changed comes first', async () => {
  const { known, ledger, clock, verifying, database } = increment;
  database.write(3, 'bo');
  const markId = await increment.markId();
  increment.sync();
  const names = ['one', 'two', 'three', 'four', 'five', 'actor'];
  const record = known.record!;
  record.tables = names.map((table) => ({ ...record.tables[0]!, table, destinationTable: table }));
  const marks = createMarks(ledger, clock);
  const header = (await marks.find(record.connectionId, markId))!;
  const many = marks.begin(record.connectionId, 'many');
  for await (const { rows, keys } of marks.read(header)) {
    for (const row of rows) await many.addRow(5, row);
    for (const key of keys) await many.addKey(5, key);
  }
  const [actor] = header.tables;
  await many.finish({ ...header, markId: 'many', tables: names.map((table) => ({ ...actor!, table })) });
  const { destination } = verifying;
  verifying.destination = {
    ...destination,
    columns: (table) => {
      clock.advance(100);
      return destination.columns(table);
    },
  };

  const { verdict, rows, tables } = await increment.verify({ markId: 'many' });

  expect([verdict, rows]).toEqual(['verified', 1]);
  const late = tables.filter(({ reason }) => reason === 'the time for comparing was used up');
  expect(late.map(({ table }) => table)).toEqual(['four', 'five']);
});

describe('recheck', () => {
  it('is asked for, with an id, when a row differs, and is no verdict yet', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.sync(() => true);
    const result = await increment.verify({ markId });
    expect(result).toMatchObject({ verdict: 'recheck', rows: 0, tables: [] });
    expect(result.recheckId).not.toBe('');
  });

  it('that was not answered is an error by name', async () => {
    const markId = await increment.markId();
    await expect(increment.verify({ markId, recheckId: 'unanswered' })).rejects.toThrow(NotFoundError);
  });
});

describe('short', () => {
  it.each([
    ['insert' as const, () => increment.database.write(3, 'bo')],
    ['update' as const, () => increment.database.write(1, 'abraham')],
  ])('names table and number when an %s is lost', async (lost, change) => {
    change();
    const markId = await increment.markId();
    increment.sync((kind) => kind === lost);
    expect(await settle(markId)).toMatchObject({
      verdict: 'short',
      tables: [{ table: 'actor', verdict: 'short', missing: 1, missingDeletes: 0 }],
      summary:
        'The sync ended well but did not bring everything: missing at the destination are public.actor (1 row).',
    });
  });

  it('names a deletion once a whole sync after it has not brought it', async () => {
    increment.database.remove(1);
    const lost = (kind: string): boolean => kind === 'delete';
    const first = await increment.markId();
    increment.sync(lost);
    expect(await settle(first)).toMatchObject({ verdict: 'verified' });
    const second = await increment.markId();
    increment.sync(lost);
    const result = await settle(second);
    expect(result).toMatchObject({ verdict: 'short', tables: [{ missing: 0, missingDeletes: 1 }] });
    expect(result.summary).toContain('public.actor (1 deletion)');
  });

  it('keeps the lost row in the next mark, which is verified when it has arrived', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.sync(() => true);
    await settle(markId);
    const next = await increment.markId();
    increment.sync();
    expect(await settle(next)).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('gives the same answer when it is asked again', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.sync(() => true);
    const { recheckId } = await increment.verify({ markId });
    await increment.recheck(recheckId);
    const verdict = await increment.verify({ markId, recheckId });
    expect(await increment.verify({ markId, recheckId })).toEqual(verdict);
  });
});

describe('skipped', () => {
  it('when the ledger does not know the selected tables', async () => {
    increment.known.record = undefined;
    expect(await increment.verify({})).toMatchObject({
      verdict: 'skipped',
      summary: 'Not verified: the selected tables of the connection are not in the ledger yet.',
    });
  });

  it('when the destination is not Databricks', async () => {
    const { record } = increment.known;
    if (record !== undefined) record.destination = { service: 'snowflake', catalog: '' };
    expect((await increment.verify({})).reason).toBe('the destination is snowflake, not Databricks');
  });

  it('when the mark is unknown or has expired', async () => {
    expect(await increment.verify({ markId: 'unknown' })).toMatchObject({ reason: 'no earlier mark' });
  });

  it('when the first mark is all there is: changes count from it on', async () => {
    const fresh = createMemoryIncrement();
    const markId = await fresh.markId();
    expect(await fresh.verify({ markId })).toMatchObject({
      verdict: 'skipped',
      reason: 'there is no earlier mark; changes count from this mark on',
    });
  });

  it('does not move on: what was not judged waits for the next mark', async () => {
    increment.database.write(3, 'bo');
    await increment.markId();
    await increment.verify({ markId: 'unknown' });
    expect(await increment.mark()).toMatchObject({ changedRows: 1 });
  });
});

describe('a sync that Fivetran ran by itself', () => {
  const startedAfterMark = async (seconds: number): Promise<string> => {
    increment.database.write(3, 'bo');
    const result = await increment.mark();
    increment.sync();
    if (result.outcome !== 'marked') throw new Error('No mark was taken.');
    return new Date(Date.parse(result.completedAt) + seconds * 1000).toISOString();
  };
  const judge = async (startedAt: string | null) =>
    increment.verify({ sync: { startedAt, endedAt: increment.clock.now().toISOString(), syncId: null } });

  it('is judged by a mark that was complete a minute before it began', async () => {
    expect(await judge(await startedAfterMark(60))).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('is not judged when its beginning is unknown', async () => {
    await startedAfterMark(120);
    expect(await judge(null)).toMatchObject({
      verdict: 'skipped',
      reason: 'nobody reported when the sync began, so no mark can be told to be older',
    });
  });

  it.each([59, 1, 0, -1])('is not judged by a mark that is %i s older: clocks differ', async (seconds) => {
    expect(await judge(await startedAfterMark(seconds))).toMatchObject({ verdict: 'skipped' });
  });
});

describe('Databricks that cannot be asked', () => {
  it('is an error by name, and nothing is remembered as verified', async () => {
    increment.database.write(3, 'bo');
    const markId = await increment.markId();
    increment.verifying.destination = {
      ...increment.verifying.destination,
      columns: () => Promise.reject(new UnavailableError('The SQL warehouse did not start within 60 s.')),
    };
    await expect(increment.verify({ markId })).rejects.toThrow(UnavailableError);
    expect(await increment.mark()).toMatchObject({ changedRows: 1 });
  });
});
