import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { AccessDeniedError, FivetranRequestError, NotFoundError, UnavailableError } from '../../errors.ts';
import type { FivetranHttp } from './http.ts';
import { syncHistoryOf } from './sync-history.ts';

const window = { from: new Date('2026-11-22T10:00:00Z'), to: new Date('2026-11-22T11:00:00Z') };
const historyThat = (answer: () => unknown) => {
  const http: FivetranHttp = {
    send: ({ data }) =>
      Promise.resolve().then(() => ({ data: z.parse(data, answer()), serverTime: new Date() })),
  };
  return syncHistoryOf(http).list('a_connection', window);
};

describe('a sync in Fivetran’s history', () => {
  test.each([
    [
      'with one set of names',
      { sync_id: 's', sync_start: '2026-11-22T10:01:00Z', sync_end: '2026-11-22T10:02:00Z', rows: 3 },
    ],
    [
      'with another',
      { id: 's', startTime: '2026-11-22T10:01:00Z', completed_at: '2026-11-22T10:02:00Z', load: { rows: 3 } },
    ],
  ])('is understood %s', async (_how, item) => {
    const [past] =
      (await historyThat(() => ({ items: [{ ...item, status: 'SUCCESSFUL', tables: 4 }] }))) ?? [];
    expect(past).toMatchObject({
      syncId: 's',
      startedAt: '2026-11-22T10:01:00Z',
      endedAt: '2026-11-22T10:02:00Z',
      status: 'SUCCESSFUL',
    });
    expect(Object.values(past?.figures ?? {})).toEqual([3]);
  });

  test('that tells nothing we know is empty and not an error', async () => {
    expect(await historyThat(() => ({ items: [{ surprise: [1, 2] }] }))).toEqual([
      { syncId: '', startedAt: null, endedAt: null, status: '', reason: '', figures: {} },
    ]);
  });

  test.each([
    new NotFoundError('404'),
    new AccessDeniedError('403'),
    new FivetranRequestError('405', { status: 405, code: '' }),
  ])('is not to be had when Fivetran answers $message', async (error) => {
    const list = historyThat(() => {
      throw error;
    });
    expect(await list).toBeUndefined();
  });

  test('is asked for again when Fivetran is out of reach', async () => {
    const list = historyThat(() => {
      throw new UnavailableError('503');
    });
    await expect(list).rejects.toThrow(UnavailableError);
  });
});
