import type { Scenario } from './scenario.ts';
import { automationScenarios } from './scenarios/automation.ts';
import { destinationScenarios } from './scenarios/destination.ts';
import { fivetranScenarios } from './scenarios/fivetran.ts';
import { pathScenarios } from './scenarios/path.ts';
import { serverScenarios } from './scenarios/server.ts';
import { sourceScenarios } from './scenarios/source.ts';
import { timeScenarios } from './scenarios/time.ts';

/** Every failure that is produced and taken back. */
export const scenarios: readonly Scenario[] = [
  ...sourceScenarios,
  ...pathScenarios,
  ...fivetranScenarios,
  ...destinationScenarios,
  ...automationScenarios,
  ...serverScenarios,
  ...timeScenarios,
];

/** Failures that cannot be taken back on the same stack; they have tests of their own. */
export const ownTests: readonly string[] = ['connection-gone', 'endpoint-lost', 'input-wrong'];
