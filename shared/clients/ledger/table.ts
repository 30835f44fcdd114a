import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type QueryCommandInput,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';

/** Every item of the ledger: a partition key that names the thing and a sort key that names the fact about it. */
export interface LedgerKey {
  pk: string;
  sk: string;
}

export type LedgerItem = LedgerKey & Record<string, unknown>;

/** A DynamoDB condition: `#name` and `:value` placeholders are looked up in names and values. */
export interface Expression {
  expression: string;
  names?: Record<string, string>;
  values?: Record<string, unknown>;
}

/**
 * The one DynamoDB table. Reads are strongly consistent. A write whose condition does not hold is an answer
 * (`false`), not an error. Time to live only cleans up: whoever reads compares expiry itself.
 */
export interface LedgerTable {
  get(key: LedgerKey): Promise<LedgerItem | undefined>;
  /** Items of one partition in sort-key order, all pages. */
  query(
    pk: string,
    options?: { skPrefix?: string; limit?: number; descending?: boolean },
  ): Promise<LedgerItem[]>;
  /** The same a few at a time, for a partition of thousands; only the given fields besides the key. */
  pages(pk: string, options: { skPrefix: string; fields: readonly string[] }): AsyncIterable<LedgerItem[]>;
  put(item: LedgerItem, condition?: Expression): Promise<boolean>;
  /** Applies an update expression and returns the whole item after it; `undefined` when the condition fails. */
  update(key: LedgerKey, change: Expression, condition?: Expression): Promise<LedgerItem | undefined>;
  delete(key: LedgerKey, condition?: Expression): Promise<boolean>;
}

/** A page of a partition that is read in pages. */
const itemsPerPage = 250;
const marshallOptions = { removeUndefinedValues: true };

export function createLedgerTable({ ledgerTable: TableName }: { ledgerTable: string }): LedgerTable {
  const client = new DynamoDBClient(awsClientSettings);

  async function queryPage(
    query: Omit<QueryCommandInput, 'TableName'>,
  ): Promise<{ items: LedgerItem[]; next: Start }> {
    const page = await callAws('dynamodb:Query', () =>
      client.send(new QueryCommand({ TableName, ConsistentRead: true, ...query })),
    );
    return { items: (page.Items ?? []).map(toItem), next: page.LastEvaluatedKey };
  }

  return {
    async get({ pk, sk }) {
      const { Item } = await callAws('dynamodb:GetItem', () =>
        client.send(new GetItemCommand({ TableName, Key: marshall({ pk, sk }), ConsistentRead: true })),
      );
      return Item === undefined ? undefined : toItem(Item);
    },

    async query(pk, { skPrefix = '', limit, descending = false } = {}) {
      const items: LedgerItem[] = [];
      let start: Start;
      do {
        const page = await queryPage({
          ...keyCondition(pk, skPrefix),
          ScanIndexForward: !descending,
          Limit: limit === undefined ? undefined : limit - items.length,
          ExclusiveStartKey: start,
        });
        items.push(...page.items);
        start = page.next;
      } while (start !== undefined && (limit === undefined || items.length < limit));
      return items;
    },

    async *pages(pk, { skPrefix, fields }) {
      let start: Start;
      do {
        const page = await queryPage({
          ...keyCondition(pk, skPrefix),
          ProjectionExpression: ['pk', 'sk', ...fields].map((_, index) => `#f${String(index)}`).join(', '),
          ExpressionAttributeNames: Object.fromEntries(
            ['pk', 'sk', ...fields].map((name, index) => [`#f${String(index)}`, name]),
          ),
          Limit: itemsPerPage,
          ExclusiveStartKey: start,
        });
        yield page.items;
        start = page.next;
      } while (start !== undefined);
    },

    put: (item, condition) =>
      conditionally(() =>
        callAws('dynamodb:PutItem', () =>
          client.send(
            new PutItemCommand({
              TableName,
              Item: marshall(item, marshallOptions),
              ...(condition === undefined
                ? {}
                : { ConditionExpression: condition.expression, ...placeholders(condition) }),
            }),
          ),
        ),
      ),

    async update({ pk, sk }, change, condition) {
      try {
        const { Attributes } = await callAws('dynamodb:UpdateItem', () =>
          client.send(
            new UpdateItemCommand({
              TableName,
              Key: marshall({ pk, sk }),
              UpdateExpression: change.expression,
              ReturnValues: 'ALL_NEW',
              ...(condition === undefined ? {} : { ConditionExpression: condition.expression }),
              ...placeholders(change, condition),
            }),
          ),
        );
        return Attributes === undefined ? { pk, sk } : toItem(Attributes);
      } catch (error) {
        if (conditionFailed(error)) return undefined;
        throw error;
      }
    },

    delete: ({ pk, sk }, condition) =>
      conditionally(() =>
        callAws('dynamodb:DeleteItem', () =>
          client.send(
            new DeleteItemCommand({
              TableName,
              Key: marshall({ pk, sk }),
              ...(condition === undefined
                ? {}
                : { ConditionExpression: condition.expression, ...placeholders(condition) }),
            }),
          ),
        ),
      ),
  };
}

type Start = Record<string, AttributeValue> | undefined;

const keyCondition = (
  pk: string,
  skPrefix: string,
): Pick<QueryCommandInput, 'KeyConditionExpression' | 'ExpressionAttributeValues'> => ({
  KeyConditionExpression: skPrefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :sk)',
  ExpressionAttributeValues: marshall(skPrefix === '' ? { ':pk': pk } : { ':pk': pk, ':sk': skPrefix }),
});

function toItem(attributes: Record<string, AttributeValue>): LedgerItem {
  const { pk, sk, ...rest } = unmarshall(attributes);
  return { pk: String(pk), sk: String(sk), ...rest };
}

/** DynamoDB refuses empty maps of placeholders, so absent ones are left out. */
function placeholders(...expressions: (Expression | undefined)[]): {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, AttributeValue>;
} {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const expression of expressions) {
    Object.assign(names, expression?.names);
    Object.assign(values, expression?.values);
  }
  return {
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length === 0
      ? {}
      : { ExpressionAttributeValues: marshall(values, marshallOptions) }),
  };
}

async function conditionally(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (conditionFailed(error)) return false;
    throw error;
  }
}

const conditionFailed = (error: unknown): boolean =>
  awsErrorName(error) === 'ConditionalCheckFailedException';
