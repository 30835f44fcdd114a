import { startDatabricks, type LocalDatabricks } from '../../local/databricks/databricks.ts';
import { startWarehouse, type Warehouse } from '../../local/databricks/warehouse.ts';
import { createDestination, type Destination } from '../../shared/clients/databricks/destination.ts';
import { createWorkspaceHttp } from '../../shared/clients/databricks/http.ts';
import { createStatementExecution } from '../../shared/clients/databricks/statement-execution.ts';
import { systemClock } from '../../shared/clock.ts';
import type { DatabricksSecret } from '../../shared/contracts/databricks-secret.ts';

/** The shipped client against the local Databricks. */
export async function startDestination(): Promise<{
  warehouse: Warehouse;
  databricks: LocalDatabricks;
  destination: Destination;
  /** A destination that logs in otherwise, or waits for a shorter time. */
  destinationWith: (secret: Partial<Record<string, string>>, deadlineSeconds?: number) => Destination;
  stop: () => Promise<void>;
}> {
  const warehouse = await startWarehouse();
  const databricks = await startDatabricks({ warehouse });
  const destinationWith = (secret: Partial<Record<string, string>>, deadlineSeconds = 60): Destination => {
    const { url: host, warehouseId, token } = databricks;
    const whole = {
      host,
      warehouseId,
      ...('clientId' in secret ? {} : { token }),
      ...secret,
    } as DatabricksSecret;
    return createDestination(
      createStatementExecution({
        http: createWorkspaceHttp({
          secret: () => Promise.resolve(whole),
          secretId: 'test/databricks',
          clock: systemClock,
        }),
        warehouseId: () => Promise.resolve(whole.warehouseId),
        clock: systemClock,
        deadlineSeconds,
      }),
    );
  };
  return {
    warehouse,
    databricks,
    destination: destinationWith({}),
    destinationWith,
    stop: async () => {
      await databricks.stop();
      warehouse.stop();
    },
  };
}
