import * as z from 'zod/mini';
import { InvalidInputError } from '../errors.ts';

/**
 * The value, typed by the schema.
 *
 * @throws InvalidInputError naming `what` and every field that does not fit, never the values themselves.
 */
export function parse<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: unknown,
  what: string,
): z.output<Schema> {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  throw new InvalidInputError(`${what} is not valid: ${describeIssues(result.error)}`);
}

/** One line that names each offending field and what it should have been. */
export function describeIssues({ issues }: Pick<z.core.$ZodError, 'issues'>): string {
  return issues
    .map((issue) => `${issue.path.length === 0 ? 'the value' : issue.path.join('.')}: ${describe(issue)}`)
    .join('; ');
}

function describe(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected === 'nonoptional' ? 'is missing' : `expected ${issue.expected}`;
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.pattern === undefined ? `expected ${issue.format}` : `expected the form ${issue.pattern}`;
    case 'unrecognized_keys':
      return `unknown fields ${issue.keys.join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' && issue.minimum === 1
        ? 'must not be empty'
        : `must be at least ${String(issue.minimum)}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'too_big':
      return `must be at most ${String(issue.maximum)}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? `expected one of ${issue.options.map(String).join(', ')}`
        : `fits none of its forms (${issue.errors.map((issues) => describeIssues({ issues })).join(' – or ')})`;
    default:
      return issue.message;
  }
}
