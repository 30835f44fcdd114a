import { describe, expect, test } from 'vitest';
import { follow } from './sync-following.ts';
import { followedBy, isEndOfFollowed, reportOf } from './heard-end.ts';
import { connectionOf } from '../../tests/support/fivetran-double.ts';

const since = '2026-11-22T10:00:00.000Z';
const ours = { execution: 'run-1', since, startedByUs: true };
const end = { syncId: 's-1', endedAt: '2026-11-22T10:05:00.000Z' };
const early = { ...end, endedAt: '2026-11-22T09:59:59.000Z' };

describe('an end is that of the followed sync', () => {
  test.each([
    ['when it came after we began', end, ours, undefined, true],
    ['not when it came before', early, ours, undefined, false],
    ['when its start was reported after we asked', end, ours, { syncId: 's-1', startedAt: since }, true],
    [
      'not when its start was reported before, however late its end is told',
      end,
      ours,
      { syncId: 's-1', startedAt: '2026-11-22T09:30:00.000Z' },
      false,
    ],
    [
      'not when another sync is known to have begun since',
      end,
      ours,
      { syncId: 's-2', startedAt: '2026-11-22T10:00:01.000Z' },
      false,
    ],
    [
      'when it ran already and was adopted',
      end,
      { ...ours, startedByUs: false },
      { syncId: 's-1', startedAt: '2026-11-22T09:30:00.000Z' },
      true,
    ],
    [
      'not when it began after the followed one had ended',
      { syncId: 's-2', endedAt: '2026-11-22T10:06:00.000Z' },
      { ...ours, endedAt: end.endedAt },
      { syncId: 's-2', startedAt: '2026-11-22T10:05:30.000Z' },
      false,
    ],
    [
      'not when it came long after the followed one had ended',
      { syncId: '', endedAt: '2026-11-22T10:30:00.000Z' },
      { ...ours, endedAt: end.endedAt },
      undefined,
      false,
    ],
  ])('%s', (_when, heard, followed, reportedStart, expected) => {
    expect(isEndOfFollowed(heard, followed, reportedStart)).toBe(expected);
  });

  test('only while its execution holds the lease', () => {
    expect(followedBy('run-1', ours)).toBe(ours);
    expect(followedBy('run-2', ours)).toBeUndefined();
    expect(followedBy(undefined, ours)).toBeUndefined();
  });
});

test('whoever follows a sync does not take the late report of an earlier one for its end', () => {
  const following = follow({
    connection: connectionOf(),
    startedAt: since,
    now: new Date(since),
    expectedSeconds: undefined,
    knownEnd: '',
  });
  const report = { status: 'FAILURE', reason: 'old', startedAt: null };
  expect(reportOf(following, { reported: { ...report, ...early } })).toBeUndefined();
  expect(reportOf(following, { reported: { ...report, ...end } })).toMatchObject(end);
  const earlier = { ...report, ...end, startedAt: '2026-11-22T09:30:00.000Z' };
  expect(reportOf(following, { reported: earlier })).toBeUndefined();
});
