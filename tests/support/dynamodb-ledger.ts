import type { Server } from 'node:http';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { createLedgerTable, type LedgerTable } from '../../shared/clients/ledger/table.ts';
import { pointAwsClientsAt } from './aws-client.ts';
import { ledgerSchema } from './ledger-schema.ts';

/** The ledger's table over DynamoDB's own wire. */
export interface DynamodbLedger {
  /** An empty ledger of its own. */
  createTable(): Promise<LedgerTable>;
  stop(): Promise<void>;
}

/** Starts DynamoDB in memory, and points the AWS clients of this process at it. */
export async function startDynamodb(): Promise<DynamodbLedger> {
  const server: Server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  pointAwsClientsAt(`http://127.0.0.1:${String(address.port)}`);
  const client = new DynamoDBClient({});
  let tables = 0;
  return {
    async createTable() {
      tables += 1;
      const TableName = `ledger-${String(tables)}`;
      await client.send(
        new CreateTableCommand({
          TableName,
          ...ledgerSchema,
        }),
      );
      return createLedgerTable({ ledgerTable: TableName });
    },
    stop: () => {
      client.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
