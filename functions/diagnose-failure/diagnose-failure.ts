import type { Diagnosis, FailureToDiagnose } from '../../shared/contracts/diagnosis.ts';
import { diagnose } from '../../shared/rules/diagnosis.ts';

/** Why a run failed: a rule over the evidence that others gathered; it asks nobody itself. */
export const diagnoseFailure = (failure: FailureToDiagnose): Promise<Diagnosis> =>
  Promise.resolve(diagnose(failure));
