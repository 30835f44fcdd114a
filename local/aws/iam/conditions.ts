import { isJsonObject, type Json } from '../../json.ts';
import { patterns, type Patterns } from './patterns.ts';

/** What is known about a request, by condition key in small letters; a key that is not here is absent. */
export type Context = ReadonlyMap<string, readonly string[]>;

/** A policy of the template says something that would not be judged as AWS does. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
}

/**
 * The keys that requests are given here. A policy with another one is refused when the stack is made: on AWS it might
 * allow or deny, here it could only be passed over.
 */
const knownKeys = [
  /^aws:(sourcearn|sourceaccount|tagkeys)$/,
  /^aws:resourcetag\/.+$/,
  /^dynamodb:leadingkeys$/,
  // No request here comes through another service, so a grant under it holds for none.
  /^kms:viaservice$/,
];

/** Whether a value matches one of those that the policy names. ARNs are compared like texts, part by part on AWS. */
const operators: Record<string, (wanted: Json) => Patterns> = {
  StringEquals: (wanted) => {
    const values = new Set([wanted].flat());
    return (value) => values.has(value);
  },
  StringLike: (wanted) => patterns(wanted),
  ArnEquals: (wanted) => patterns(wanted),
  ArnLike: (wanted) => patterns(wanted),
};

/**
 * Reads a statement's `Condition`; all of its operators and keys have to hold.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 *
 * @throws PolicyError for an operator or a key that is not judged here
 */
export function readCondition(condition: Json | undefined): (context: Context) => boolean {
  const tests = Object.entries(isJsonObject(condition) ? condition : {}).flatMap(([operator, keys]) =>
    Object.entries(isJsonObject(keys) ? keys : {}).map(([key, wanted]) => readTest(operator, key, wanted)),
  );
  return (context) => tests.every((test) => test(context));
}

function readTest(operator: string, name: string, wanted: Json): (context: Context) => boolean {
  const [, forAll, comparison = '', ifExists] = /^(ForAllValues:)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const compare = operators[comparison]?.(wanted);
  if (compare === undefined) {
    throw new PolicyError(`The condition operator ${operator} is not judged here: add it to conditions.ts.`);
  }
  const key = name.toLowerCase();
  if (!knownKeys.some((known) => known.test(key))) {
    throw new PolicyError(`The condition key ${name} is given to no request here: add it to conditions.ts.`);
  }
  return (context) => {
    const values = context.get(key);
    // A set operator, and one that asks only for what exists, holds for a request without the key; a plain one does not.
    if (values === undefined) return forAll !== undefined || ifExists !== undefined;
    return forAll === undefined ? values.some(compare) : values.every(compare);
  };
}
