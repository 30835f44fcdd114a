import { readInput, type Input, type InputErrors } from '../input.ts';
import { takePage, type Page } from '../paging.ts';
import { AwsError, type Call, type Operation } from '../service.ts';

const errors: InputErrors = {
  missing: (name) => new AwsError('MissingParameter', `The request must contain the parameter ${name}`),
  invalid: (name, value, expectation) =>
    new AwsError(
      'InvalidParameterValue',
      `Value (${JSON.stringify(value)}) for parameter ${name} is invalid. Expecting ${expectation}.`,
    ),
};

/** EC2's complaint about a parameter value. */
export const invalidParameter = (name: string, value: unknown, expectation: string): AwsError =>
  errors.invalid(name, value, expectation);

interface Ec2Operation {
  required?: readonly string[];
  optional?: readonly string[];
  run: (input: Input, call: Call) => unknown;
}

/**
 * An EC2 operation: refuses parameters that EC2 does not know for it, asks for those that it needs, and ends a dry
 * run before anything is done. Parameters carry their names on the wire: `Filter`, not `Filters`.
 */
export function ec2Operation({ required = [], optional = [], run }: Ec2Operation): Operation {
  const known = new Set([...required, ...optional, 'DryRun']);
  return (call) => {
    const input = readInput(call.input, errors);
    for (const name of input.names) {
      if (!known.has(name)) throw new AwsError('UnknownParameter', `The parameter ${name} is not recognized`);
    }
    for (const name of required) {
      if (!input.names.includes(name) || call.input[name] === '') throw errors.missing(name);
    }
    if (input.boolean('DryRun') === true) {
      throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);
    }
    return run(input, call);
  };
}

/** Parameters that every paged Describe of EC2 takes. */
export const describeParameters = ['Filter', 'MaxResults', 'NextToken'] as const;

/**
 * The page that MaxResults and NextToken ask for. EC2 refuses fewer than five results a page and gives at most a
 * thousand: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointConnections.html
 */
export function ec2Page<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  input: Input,
): Page<Item> {
  const maxResults = input.integer('MaxResults');
  if (maxResults !== undefined && maxResults < 5) {
    throw invalidParameter('MaxResults', maxResults, 'a value greater than or equal to 5');
  }
  return takePage(items, keyOf, {
    limit: Math.min(maxResults ?? 1000, 1000),
    token: input.optionalString('NextToken'),
    invalidToken: () =>
      new AwsError('InvalidNextToken', 'The specified NextToken is not valid or has expired.'),
  });
}
