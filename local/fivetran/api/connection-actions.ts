import type { Clock } from '../../../shared/clock.ts';
import type { Faults } from '../faults.ts';
import type { Account, Connection } from '../model.ts';
import type { Happening } from '../webhooks.ts';

/** What the API of connections makes happen. */
export interface ConnectionActions {
  account: Account;
  clock: Clock;
  faults: Faults;
  newId: () => string;
  test: (connection: Connection, options: { trustCertificates: boolean }) => Promise<void>;
  /** Starts a sync unless one runs; with `force` the running one is cancelled first. */
  sync: (connection: Connection, force: boolean) => Promise<void>;
  forget: (connection: Connection) => void;
  tell: (happening: Happening) => void;
}
