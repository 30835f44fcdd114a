import { AwsError } from './service.ts';

/** How one service words its complaints about parameters. */
export interface InputErrors {
  missing: (name: string) => AwsError;
  /** `expectation` completes the sentence "expected …". */
  invalid: (name: string, value: unknown, expectation: string) => AwsError;
}

/** As services with a JSON protocol word it, where parameters begin with a small letter whatever was sent. */
export const validationErrors: InputErrors = {
  missing: (name: string) =>
    new AwsError(
      'ValidationException',
      `1 validation error detected: Value null at '${lowerFirst(name)}' failed to satisfy constraint: Member must not be null`,
    ),
  invalid: (name: string, value: unknown, expectation: string) =>
    new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${JSON.stringify(value)}' at '${lowerFirst(name)}' failed to satisfy constraint: expected ${expectation}`,
    ),
};

const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** Typed reading of one request's parameters, whether its protocol carries types (JSON) or only text (query). */
export interface Input {
  /** Names of all parameters that were given. */
  names: string[];
  string: (name: string) => string;
  optionalString: (name: string) => string | undefined;
  /** The items of a list; none when it is absent or sent as an empty value. */
  strings: (name: string) => string[];
  /** The items of a list of structures. */
  structures: (name: string) => Input[];
  structure: (name: string) => Input | undefined;
  boolean: (name: string) => boolean | undefined;
  integer: (name: string, range?: { min: number; max: number }) => number | undefined;
}

/** Reads `values`; every method throws what `errors` makes of a parameter that is missing or of a wrong form. */
export function readInput(values: Record<string, unknown>, errors: InputErrors): Input {
  const value = (name: string): unknown => (Object.hasOwn(values, name) ? values[name] : undefined);
  const list = (name: string): unknown[] => {
    const found = value(name);
    if (found === undefined || found === null || found === '') return [];
    if (!Array.isArray(found)) throw errors.invalid(name, found, 'a list');
    return found;
  };
  const toStructure = (name: string, found: unknown): Input => {
    if (!isRecord(found)) throw errors.invalid(name, found, 'a structure');
    return readInput(found, errors);
  };
  const optionalString = (name: string): string | undefined => {
    const found = value(name);
    if (found === undefined || found === null) return undefined;
    if (typeof found !== 'string') throw errors.invalid(name, found, 'a string');
    return found;
  };
  return {
    names: Object.keys(values),
    optionalString,
    string: (name) => {
      const found = optionalString(name);
      if (found === undefined || found === '') throw errors.missing(name);
      return found;
    },
    strings: (name) =>
      list(name).map((item) => {
        if (typeof item !== 'string') throw errors.invalid(name, item, 'a list of strings');
        return item;
      }),
    structures: (name) => list(name).map((item) => toStructure(name, item)),
    structure: (name) => {
      const found = value(name);
      return found === undefined || found === null ? undefined : toStructure(name, found);
    },
    boolean: (name) => {
      const found = value(name);
      if (found === undefined || found === null) return undefined;
      if (found === true || found === 'true') return true;
      if (found === false || found === 'false') return false;
      throw errors.invalid(name, found, 'true or false');
    },
    integer: (name, range) => {
      const found = value(name);
      if (found === undefined || found === null) return undefined;
      const number = typeof found === 'string' && /^-?\d+$/.test(found) ? Number(found) : found;
      if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
        throw errors.invalid(name, found, 'an integer');
      }
      if (range !== undefined && (number < range.min || number > range.max)) {
        throw errors.invalid(name, found, `a value between ${range.min} and ${range.max}`);
      }
      return number;
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
