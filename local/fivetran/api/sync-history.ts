import type { Clock } from '../../../shared/clock.ts';
import type { Json } from '../../json.ts';
import type { Faults } from '../faults.ts';
import { instant, type Account, type SyncRecord } from '../model.ts';
import { findConnection } from './connections.ts';
import { page } from './paging.ts';
import { ApiError, invalid, type Route } from './router.ts';

const hourMs = 3_600_000;
const widestWindowMs = 7 * 24 * hourMs;

/**
 * `GET /v1/connections/{id}/sync-history`. The resource is documented, its field names are not (only `sync_id` and
 * `reason` are reported), so that the other names here are this simulation's own.
 * https://fivetran.com/docs/rest-api/api-reference/connections/retrieve-connection-sync-history
 */
export function syncHistoryRoutes(account: Account, clock: Clock, faults: Faults): Route[] {
  return [
    {
      method: 'GET',
      path: 'connections/:id/sync-history',
      version: 2,
      run: (call) => {
        const connection = findConnection(account, call.params[0]);
        if (faults.take('no-sync-history') !== undefined) {
          throw new ApiError(405, 'MethodNotAllowed', 'Sync history is not available for this account');
        }
        const [from, to] = [time(call.query, 'start_time'), time(call.query, 'end_time')];
        const end = to ?? (from === undefined ? clock.now().getTime() : from + hourMs);
        const start = from ?? end - hourMs;
        if (end < start || end - start > widestWindowMs) {
          throw invalid('The window between start_time and end_time must not exceed 7 days');
        }
        const syncs = connection.syncs.filter(
          ({ startedAt }) => startedAt.getTime() >= start && startedAt.getTime() <= end,
        );
        return {
          message: 'Sync history retrieved successfully',
          data: page(syncs.reverse(), ({ id }) => id, show, call),
        };
      },
    },
  ];
}

function time(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  const milliseconds = Date.parse(value);
  if (Number.isNaN(milliseconds)) throw invalid(`Parameter '${name}' must be an ISO 8601 timestamp`);
  return milliseconds;
}

function show(sync: SyncRecord): Json {
  return {
    sync_id: sync.id,
    sync_start: instant(sync.startedAt),
    sync_end: sync.endedAt === undefined ? null : instant(sync.endedAt),
    status: sync.status ?? 'IN_PROGRESS',
    reason: sync.reason ?? null,
    task_type: sync.taskType ?? null,
    rows: sync.rows,
  };
}
