import { readInput, type Input } from './input.ts';
import { AwsError } from './service.ts';

/** Typed reading of a CloudFormation resource's properties. */
export interface Properties extends Input {
  /** `Tags` as key and value. */
  tags: () => [string, string][];
}

/** Reads the properties of one resource; every complaint names the resource by its logical id. */
export function createProperties(logicalId: string, values: Record<string, unknown>): Properties {
  const input = readInput(values, {
    missing: (name) => new AwsError('ValidationError', `${logicalId}: the property ${name} is missing.`),
    invalid: (name, value, expectation) =>
      new AwsError(
        'ValidationError',
        `${logicalId}: the property ${name} is ${JSON.stringify(value)}, expected ${expectation}.`,
      ),
  });
  const tags = (): [string, string][] =>
    input.structures('Tags').map((tag) => [tag.string('Key'), tag.string('Value')]);
  return { ...input, tags };
}
