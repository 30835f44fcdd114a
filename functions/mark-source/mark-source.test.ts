import { beforeEach, describe, expect, it } from 'vitest';
import { AccessDeniedError, NotFoundError, UnavailableError } from '../../shared/errors.ts';
import { createMemoryIncrement } from '../../tests/increment/memory-increment.ts';

let increment: ReturnType<typeof createMemoryIncrement>;
beforeEach(() => {
  increment = createMemoryIncrement();
});

describe('a mark', () => {
  it('is a baseline the first time: it says from where on changes count, and holds no row', async () => {
    increment.database.write(1, 'abe');
    expect(await increment.mark()).toMatchObject({
      outcome: 'marked',
      tables: 1,
      changedRows: 0,
      baseline: true,
    });
  });

  it('then counts the rows that changed since', async () => {
    increment.database.write(1, 'abe');
    await increment.mark();
    increment.database.write(2, 'ka');
    increment.database.write(3, 'bo');
    expect(await increment.mark()).toMatchObject({ changedRows: 2, baseline: false });
  });

  it('holds what was marked and never verified once more', async () => {
    await increment.mark();
    increment.database.write(1, 'abe');
    await increment.mark();
    expect(await increment.mark()).toMatchObject({ changedRows: 1 });
  });

  it('carries our clock of when it was complete', async () => {
    expect(await increment.mark()).toMatchObject({ completedAt: increment.clock.now().toISOString() });
  });

  it('holds digests, never content', async () => {
    await increment.mark();
    increment.database.write(1, 'a name that nobody should read');
    await increment.mark();
    expect(JSON.stringify(increment.ledger.items())).not.toContain('nobody');
  });

  it('is skipped, without a login, while the ledger does not know the selected tables', async () => {
    increment.known.record = undefined;
    increment.marking.postgres = { connect: () => Promise.reject(new Error('It must not log in.')) };
    expect(await increment.mark()).toEqual({
      outcome: 'skipped',
      reason: 'The selected tables of the connection are not in the ledger yet.',
      markId: null,
    });
  });

  it.each([
    ['42P01', /no such table any more/],
    ['42501', /may not read it any more/],
    ['55P03', /exclusive lock/],
    ['57014', /more than 30 s a statement/],
    ['XX001', /refused to read it \(XX001\)/],
  ])('leaves out a table that PostgreSQL refuses to read with %s, and says why', async (sqlState, reason) => {
    await increment.mark();
    increment.database.write(1, 'abe');
    increment.database.refuse(sqlState);
    const markId = await increment.markId();
    expect(await increment.verify({ markId })).toMatchObject({ verdict: 'skipped' });
    expect((await increment.verify({ markId })).reason).toMatch(reason);
    increment.database.refuse('');
    expect(await increment.mark()).toMatchObject({ changedRows: 1 });
  });
});

describe('a recheck', () => {
  it('answers which rows are as the mark saw them', async () => {
    await increment.mark();
    increment.database.write(1, 'abe');
    increment.database.write(2, 'ka');
    const markId = await increment.markId();
    increment.sync(() => true);
    const { recheckId } = await increment.verify({ markId });
    increment.database.write(2, 'changed again');
    expect(await increment.recheck(recheckId)).toEqual({ outcome: 'rechecked', recheckId });
    expect(await increment.marking.marks.answer('assimilate_seem', recheckId)).toMatchObject({
      tables: [{ state: 'read', unchanged: [true, false] }],
    });
  });

  it('answers that a table is gone', async () => {
    await increment.mark();
    increment.database.write(1, 'abe');
    const markId = await increment.markId();
    const { recheckId } = await increment.verify({ markId });
    increment.database.drop();
    await increment.recheck(recheckId);
    expect(await increment.marking.marks.answer('assimilate_seem', recheckId)).toMatchObject({
      tables: [{ state: 'gone', reason: 'the source has no such table any more' }],
    });
  });

  it('that nobody asked for is an error by name', async () => {
    await expect(increment.recheck('unknown')).rejects.toThrow(NotFoundError);
  });
});

describe('the login', () => {
  it('is closed whether it goes well or not', async () => {
    await increment.mark();
    await increment.recheck('unknown').catch(() => undefined);
    expect(increment.database.openSessions()).toBe(0);
  });

  it.each([
    ['unreachable', UnavailableError],
    ['wrong-password', AccessDeniedError],
  ] as const)('that fails as %s is an error by name', async (kind, error) => {
    const fault = { kind, host: 'db.internal', port: 5432, username: 'checks', database: 'rental' };
    increment.marking.postgres = {
      connect: () => Promise.resolve({ outcome: 'failed', fault: { ...fault, secretId: 's', detail: '' } }),
    };
    await expect(increment.mark()).rejects.toThrow(error);
  });
});
