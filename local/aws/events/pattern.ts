import { BlockList, isIP } from 'node:net';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';

/** An event pattern is not one. The message says where and why. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/**
 * Whether an event matches a pattern.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * @throws PatternError when the pattern uses what EventBridge does not know
 */
export function matchesPattern(pattern: JsonObject, event: Json | undefined): boolean {
  return Object.entries(pattern).every(([field, wanted]) => {
    if (field === '$or') return matchesAny(wanted, event);
    const found = isJsonObject(event) ? event[field] : undefined;
    if (Array.isArray(wanted)) return wanted.some((matcher) => matchesLeaf(matcher, found));
    if (!isJsonObject(wanted)) {
      throw new PatternError(`"${field}" must be an object or an array of values to match.`);
    }
    if (Array.isArray(found)) return found.some((item) => matchesPattern(wanted, item));
    return matchesPattern(wanted, found);
  });
}

/**
 * Refuses a pattern that could not be used.
 *
 * @throws PatternError
 */
export function validatePattern(pattern: JsonObject): void {
  if (Object.keys(pattern).length === 0) throw new PatternError('An event pattern names at least one field.');
  for (const [field, wanted] of Object.entries(pattern)) {
    if (field === '$or') {
      for (const branch of orBranches(wanted)) validatePattern(branch);
    } else if (Array.isArray(wanted)) {
      if (wanted.length === 0)
        throw new PatternError(`"${field}" has an empty array, which matches nothing.`);
      for (const matcher of wanted) matchesLeaf(matcher, 'a value');
    } else if (isJsonObject(wanted)) {
      validatePattern(wanted);
    } else {
      throw new PatternError(`"${field}" must be an object or an array of values to match.`);
    }
  }
}

function orBranches(value: Json): JsonObject[] {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isJsonObject)) {
    throw new PatternError('"$or" takes an array of at least two patterns.');
  }
  return value;
}

function matchesAny(value: Json, event: Json | undefined): boolean {
  return orBranches(value).some((branch) => matchesPattern(branch, event));
}

/** A leaf of the event that is an array matches by any of its items. */
function matchesLeaf(matcher: Json, found: Json | undefined): boolean {
  if (isJsonObject(matcher) && 'exists' in matcher) {
    const exists = found !== undefined && !isJsonObject(found);
    return matcher.exists === exists;
  }
  if (found === undefined) return false;
  const values = Array.isArray(found) ? found : [found];
  return values.some((value) => matchesValue(matcher, value));
}

function matchesValue(matcher: Json, value: Json): boolean {
  if (!isJsonObject(matcher)) return matcher === value;
  const [entry, ...rest] = Object.entries(matcher);
  const operator = entry === undefined ? undefined : operators[entry[0]];
  if (entry === undefined || operator === undefined || rest.length > 0) {
    throw new PatternError(`Unrecognized match type ${JSON.stringify(matcher)}.`);
  }
  return operator(entry[1], value);
}

const operators: Record<string, (argument: Json, value: Json) => boolean> = {
  prefix: (argument, value) =>
    textTest(argument, value, 'prefix', (wanted, found) => found.startsWith(wanted)),
  suffix: (argument, value) => textTest(argument, value, 'suffix', (wanted, found) => found.endsWith(wanted)),
  'equals-ignore-case': (argument, value) =>
    textTest(argument, value, 'equals-ignore-case', (wanted, found) => fold(wanted) === fold(found)),
  wildcard: (argument, value) =>
    textTest(argument, value, 'wildcard', (wanted, found) => wildcard(wanted).test(found)),
  cidr: (argument, value) => textTest(argument, value, 'cidr', inRange),
  numeric: (argument, value) => numeric(argument, value),
  'anything-but': (argument, value) => {
    if (isJsonObject(argument)) {
      const [entry] = Object.entries(argument);
      const operator = entry === undefined ? undefined : operators[entry[0]];
      if (entry === undefined || operator === undefined || !negatable.has(entry[0])) {
        throw new PatternError(`"anything-but" does not take ${JSON.stringify(argument)}.`);
      }
      return ![entry[1]].flat().some((item) => operator(item, value));
    }
    return ![argument].flat().some((item) => item === value);
  },
};

const negatable = new Set(['prefix', 'suffix', 'equals-ignore-case', 'wildcard']);

function textTest(
  argument: Json,
  value: Json,
  operator: string,
  test: (wanted: string, found: string) => boolean,
): boolean {
  if (isJsonObject(argument) && typeof argument['equals-ignore-case'] === 'string') {
    return typeof value === 'string' && test(fold(argument['equals-ignore-case']), fold(value));
  }
  if (typeof argument !== 'string') throw new PatternError(`"${operator}" takes text.`);
  return typeof value === 'string' && test(argument, value);
}

const fold = (text: string): string => text.toLowerCase();

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(pattern: string): RegExp {
  if (pattern.includes('**')) throw new PatternError('"wildcard" does not take two asterisks in a row.');
  const source = pattern.replaceAll(
    /\\([*\\])|\*|[.+?^${}()|[\]\\]/g,
    (found, escaped: string | undefined) => {
      if (escaped !== undefined) return `\\${escaped}`;
      return found === '*' ? '.*' : `\\${found}`;
    },
  );
  return new RegExp(`^${source}$`, 's');
}

function inRange(range: string, address: string): boolean {
  const [network = '', length = ''] = range.split('/');
  const family = isIP(network);
  if (family === 0 || !/^\d+$/.test(length)) throw new PatternError(`"${range}" is no CIDR range.`);
  if (isIP(address) !== family) return false;
  const list = new BlockList();
  const type = family === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, Number(length), type);
  return list.check(address, type);
}

const comparisons: Record<string, (left: number, right: number) => boolean> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** `["=", 5]`, `[">", 0, "<=", 5]`. */
function numeric(argument: Json, value: Json): boolean {
  if (!Array.isArray(argument) || (argument.length !== 2 && argument.length !== 4)) {
    throw new PatternError('"numeric" takes one or two comparisons, for instance [">", 0, "<=", 5].');
  }
  const pairs = [argument.slice(0, 2), argument.slice(2)].filter(({ length }) => length > 0);
  return pairs.every(([operator, bound]) => {
    const compare = typeof operator === 'string' ? comparisons[operator] : undefined;
    if (compare === undefined || typeof bound !== 'number') {
      throw new PatternError(`"numeric" does not take ${JSON.stringify(argument)}.`);
    }
    return typeof value === 'number' && compare(value, bound);
  });
}
