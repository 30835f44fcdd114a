import type { CheckResult } from '../../shared/contracts/finding.ts';
import type {
  BeginResult,
  CloseResult,
  HandledElsewhere,
  ProgressResult,
  ReadSyncInput,
} from '../../shared/contracts/sync.ts';
import { begin } from './begin.ts';
import { close } from './close.ts';
import type { ReadSyncDependencies } from './dependencies.ts';
import { gatherEvidence } from './evidence.ts';
import { lookAtProgress } from './progress.ts';

/**
 * Everything that run-sync reads of a sync. begin: whose sync it is and what to do about it; progress: whether it
 * is over; evidence: what Fivetran says about the connection; close: the ledger remembers how it ended.
 *
 * @throws NotFoundError, InvalidInputError, ConfigError with the setting to change; UnavailableError
 */
export function readSync(
  input: ReadSyncInput,
  dependencies: ReadSyncDependencies,
): Promise<BeginResult | ProgressResult | HandledElsewhere | CheckResult | CloseResult> {
  switch (input.mode) {
    case 'begin':
      return begin(input, dependencies);
    case 'progress':
      return lookAtProgress(input, dependencies);
    case 'evidence':
      return gatherEvidence(input, dependencies);
    case 'close':
      return close(input, dependencies);
  }
}
