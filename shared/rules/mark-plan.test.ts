import { describe, expect, it } from 'vitest';
import { changesSince, deletesSkipped, fromTheBeginning, markedSince, rowsToHold } from './mark-plan.ts';

const server = {
  systemIdentifier: '7',
  timeline: 1,
  standby: false,
  nextTransactionId: '5000000000',
  address: '10.0.1.5',
  snapshotXmin: '4999999999',
};

describe('from where changes count', () => {
  it('is the last judged mark of the same server', () => {
    expect(changesSince({ since: '4999999000', systemIdentifier: '7', standby: false }, server)).toEqual({
      known: true,
      since: '4999999000',
    });
  });

  it.each([
    ['there is no earlier mark', undefined],
    ['the server is another one', { since: '1', systemIdentifier: '8', standby: false }],
    ['the standby was promoted', { since: '4999999000', systemIdentifier: '7', standby: true }],
    ['the transaction id moved backwards', { since: '5000000001', systemIdentifier: '7', standby: false }],
    [
      'the earlier mark is more than 1,000,000,000 transactions old',
      { since: '3999999999', systemIdentifier: '7', standby: false },
    ],
  ])('begins anew when %s', (reason, remembered) => {
    expect(changesSince(remembered, server)).toEqual({ known: false, reason });
  });
});

describe('a mark before a sync that copies everything', () => {
  const earlier = { since: '4999999000', systemIdentifier: '7', standby: false };

  it('holds all rows of a table of which nothing is known', () => {
    expect(markedSince(undefined, server, true)).toEqual({ known: true, since: fromTheBeginning });
  });

  it('holds all rows again after they came up short, however many transactions there were', () => {
    const short = { ...earlier, since: fromTheBeginning };
    expect(markedSince(short, server, false)).toEqual({ known: true, since: fromTheBeginning });
  });

  it('holds what changed where that is known', () => {
    expect(markedSince(earlier, server, true)).toEqual({ known: true, since: '4999999000' });
  });

  it.each([
    ['all that one table may hold', 1_000_000_000, 1, 20_000],
    ['its share of the bytes', 1_000_000, 4, 1000],
    ['at least a sample', 1000, 500, 100],
  ])('gives a table %s', (_what, bytesLeft, tablesLeft, rows) => {
    const plan = { since: fromTheBeginning, rowsPerTable: 20_000, bytesLeft, tablesLeft };
    expect(rowsToHold(plan)).toBe(rows);
  });

  it('shares nothing out among tables whose changes are known', () => {
    expect(rowsToHold({ since: '4999999000', rowsPerTable: 20_000, bytesLeft: 1, tablesLeft: 9 })).toBe(
      20_000,
    );
  });
});

describe('deletions', () => {
  const table = {
    syncMode: 'SOFT_DELETE' as const,
    updateMethod: 'TELEPORT',
    rows: 100,
    deleteCheckRows: 100,
    bytesLeft: 10_000,
  };

  it('are checked for a table that is small enough', () => {
    expect(deletesSkipped(table)).toBe('');
  });

  it.each([
    ['a LIVE table', { syncMode: 'LIVE' as const }, /LIVE/],
    ['the update method XMIN', { updateMethod: 'XMIN' }, /XMIN/],
    ['a larger table', { rows: 101 }, /more than 100 rows/],
    ['a table that is too large to count', { rows: undefined }, /more than 100 rows/],
    ['a mark that is full', { bytesLeft: 10 }, /bytes/],
  ])('are skipped for %s', (_, change, reason) => {
    expect(deletesSkipped({ ...table, ...change })).toMatch(reason);
  });
});
