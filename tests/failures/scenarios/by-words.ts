import type { Scenario } from '../scenario.ts';

const fails = (code: string, reason: string, byItsWords: string): Scenario => ({
  code,
  says: reason,
  byItsWords,
  breaks: ({ stack }) => {
    stack.fivetran.faults.set({ kind: 'fail-sync', reason, times: 1 });
    return Promise.resolve(() => stack.fivetran.faults.clear('fail-sync'));
  },
});

/** What one machine cannot bring about: a sync fails with the words that Fivetran or PostgreSQL would use. */
export const wordScenarios: Scenario[] = [
  fails(
    'transaction-id-backwards',
    'Current transaction ID has moved backwards',
    'the local Fivetran answers it with a re-sync, not with a failure',
  ),
  fails(
    'relfilenode-changed',
    'The relfilenode of table public.film has changed; it needs a historical re-sync',
    'the local Fivetran answers it with a re-sync, not with a failure; check-source foresees it',
  ),
  fails(
    'disk-full',
    'FATAL: could not write init file: No space left on device',
    "this machine's disk is not ours to fill",
  ),
  fails(
    'standby-conflict',
    'ERROR: canceling statement due to conflict with recovery',
    'there is one server and no standby that replays it',
  ),
  fails(
    'rescheduled',
    'Rescheduled: the source is busy',
    'ten reschedules in a row, each asked for a minute after the other, take too long here',
  ),
  fails(
    'sync-timeout',
    'SyncTimedOutError: the sync did not end within 6 hours',
    'a sync is given six hours',
  ),
  fails(
    'step-timed-out',
    'States.Timeout: a step took longer than its 90 seconds',
    'a step is given minutes',
  ),
  fails('unknown', 'Quux overflow in the flux capacitor', 'nobody knows it'),
];
