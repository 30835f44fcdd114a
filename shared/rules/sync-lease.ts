import type { HandledElsewhere } from '../contracts/sync.ts';

/** Name of the lease that whoever follows a connection's sync holds. */
export const syncLease = (connectionId: string): string => `sync#${connectionId}`;

/** How long a step between two waits may take at most: checks, setup tests, marks and verification. */
export const stepSeconds = 45 * 60;

/** What an execution says that finds its lease in other hands; it leaves the sync to them. */
export const handledElsewhere = (connectionId: string): HandledElsewhere => ({
  outcome: 'handled',
  summary: `Another execution handles this sync of ${connectionId}.`,
});
