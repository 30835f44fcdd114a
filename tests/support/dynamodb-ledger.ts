import { createDynamodb, type Dynamodb } from '../../local/aws/dynamodb/dynamodb.ts';
import { startAwsEndpoint } from '../../local/aws/endpoint.ts';
import { createLedgerTable, type LedgerTable } from '../../shared/clients/ledger/table.ts';

/** The ledger's table over DynamoDB's own wire. */
export interface DynamodbLedger {
  /** An empty ledger of its own. */
  createTable(): Promise<LedgerTable>;
  stop(): Promise<void>;
}

/** Starts DynamoDB in memory, and points the AWS clients of this process at it. */
export async function startDynamodb(): Promise<DynamodbLedger> {
  const account = { accountId: '111122223333', region: 'us-east-1' };
  const dynamodb = await createDynamodb(account);
  const endpoint = await startAwsEndpoint({ ...account, services: [dynamodb.service] });
  pointAwsClientsTo(endpoint.url);
  let tables = 0;
  return {
    async createTable() {
      tables += 1;
      const ledgerTable = `ledger-${String(tables)}`;
      await makeLedgerTable(dynamodb, ledgerTable);
      return createLedgerTable({ ledgerTable });
    },
    async stop() {
      await endpoint.stop();
      await dynamodb.stop();
    },
  };
}

/** Makes the ledger's table as the template declares it, and answers what the template would see of it. */
export async function makeLedgerTable({ resources }: Dynamodb, TableName = 'ledger') {
  const make = resources['AWS::DynamoDB::Table'];
  if (make === undefined) throw new Error('The local DynamoDB makes no tables.');
  return make('Ledger', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
}

/** Lets AWS clients that are made without settings, as in the shipped code, speak to a local endpoint. */
export function pointAwsClientsTo(url: string): void {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIALOCAL',
    AWS_SECRET_ACCESS_KEY: 'secret',
  });
}
