import type { Context } from './conditions.ts';

/** What the simulated services know about the resources of a request. */
export interface ResourceFacts {
  /** Tags of the resource with this ARN, by key. */
  tagsOf: (arn: string) => ReadonlyMap<string, string>;
  /** Name of a table's partition key. */
  partitionKeyOf: (table: string) => string | undefined;
}

/**
 * The condition keys of one request about one resource.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/
 */
export function contextOf(input: Record<string, unknown>, resource: string, facts: ResourceFacts): Context {
  const context = new Map<string, readonly string[]>();
  for (const [key, value] of facts.tagsOf(resource))
    context.set(`aws:resourcetag/${key.toLowerCase()}`, [value]);
  if (Array.isArray(input.Tag))
    context.set(
      'aws:tagkeys',
      input.Tag.flatMap((tag) => textOf(tag, 'Key')),
    );
  const leadingKeys = leadingKeysOf(input, facts);
  if (leadingKeys !== undefined) context.set('dynamodb:leadingkeys', leadingKeys);
  return context;
}

/** Partition keys that a request to DynamoDB reads or writes; undefined for one that names none. */
function leadingKeysOf(input: Record<string, unknown>, facts: ResourceFacts): string[] | undefined {
  const [table] = textOf(input, 'TableName');
  const partitionKey = table === undefined ? undefined : facts.partitionKeyOf(table);
  if (partitionKey === undefined) return undefined;
  const key = memberOf(memberOf(input, 'Key') ?? memberOf(input, 'Item'), partitionKey);
  if (key !== undefined) return textOf(key, 'S');
  const [condition = ''] = textOf(input, 'KeyConditionExpression');
  const names = memberOf(input, 'ExpressionAttributeNames');
  const equals = [...condition.matchAll(/([#\w]+)\s*=\s*(:\w+)/g)].find(
    ([, name = '']) => name === partitionKey || memberOf(names, name) === partitionKey,
  );
  return equals === undefined
    ? undefined
    : textOf(memberOf(memberOf(input, 'ExpressionAttributeValues'), equals[2] ?? ''), 'S');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Object.getOwnPropertyDescriptor(value, name)?.value
    : undefined;
}

function textOf(value: unknown, name: string): string[] {
  const text = memberOf(value, name);
  return typeof text === 'string' ? [text] : [];
}
