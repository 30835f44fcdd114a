import { describe, expect, it } from 'vitest';
import { changesSince, deletesSkipped } from './mark-plan.ts';

const server = {
  systemIdentifier: '7',
  timeline: 1,
  standby: false,
  nextTransactionId: '5000000000',
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
