import { createDestination } from '../../shared/clients/databricks/destination.ts';
import { createWorkspaceHttp } from '../../shared/clients/databricks/http.ts';
import { createStatementExecution } from '../../shared/clients/databricks/statement-execution.ts';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { DatabricksSecret } from '../../shared/contracts/databricks-secret.ts';
import { VerifyIncrementInput } from '../../shared/contracts/increment.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { verifyIncrement, type VerifyIncrementDependencies } from './verify-increment.ts';

export const handler = createHandler({
  name: 'verify-increment',
  parse: (event) => parse(VerifyIncrementInput, event, 'The input of verify-increment'),
  setUp: (log): VerifyIncrementDependencies => {
    const config = loadConfig(['ledgerTable', 'databricksSecretId', 'deleteCheckRows', 'statementSeconds']);
    const secrets = createSecrets(clock);
    const secretId = config.databricksSecretId;
    const secret = (options?: { fresh?: boolean }): Promise<DatabricksSecret> =>
      secrets.read(secretId, DatabricksSecret, options);
    const table = createLedgerTable(config);
    return {
      destination: createDestination(
        createStatementExecution({
          http: createWorkspaceHttp({ secret, secretId, clock }),
          warehouseId: async () => (await secret()).warehouseId,
          clock,
          deadlineSeconds: config.statementSeconds,
        }),
      ),
      marks: createMarks(table, clock),
      connections: createConnections(table),
      deleteCheckRows: config.deleteCheckRows,
      clock,
      log,
    };
  },
  run: verifyIncrement,
});
