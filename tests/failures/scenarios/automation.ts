import type { Scenario } from '../scenario.ts';
import { changeSourceSecret, sourceSecretId } from '../source-secret.ts';

/** What breaks in our own deployment. */
export const automationScenarios: Scenario[] = [
  {
    code: 'configuration-wrong',
    says: sourceSecretId,
    in: 'run-sync',
    breaks: (stage) => changeSourceSecret(stage, 'nothing in it'),
  },
];
