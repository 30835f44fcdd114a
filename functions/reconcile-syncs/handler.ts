import { createEventBus } from '../../shared/clients/event-bus/event-bus.ts';
import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createConditions } from '../../shared/clients/ledger/conditions.ts';
import { openFleet } from '../../shared/clients/ledger/fleet.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { fivetranRoleVersion } from '../../shared/clients/secrets/fivetran-role.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { FivetranSecret } from '../../shared/contracts/fivetran-secret.ts';
import { createHandler } from '../../shared/handler.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { reconcileSyncs } from './reconcile-syncs.ts';

export const handler = createHandler({
  name: 'reconcile-syncs',
  parse: () => undefined,
  setUp: (log, timeLeftMs) => {
    const config = loadConfig([
      'ledgerTable',
      'eventBusName',
      'fivetranBaseUrl',
      'fivetranSecretId',
      'sourceSecretPrefix',
      'webhookUrl',
      'verification',
    ]);
    const table = createLedgerTable(config);
    const secrets = createSecrets(clock);
    return {
      fivetranKey: {
        secretId: config.fivetranSecretId,
        read: () => secrets.read(config.fivetranSecretId, FivetranSecret),
      },
      fivetran: createFivetran(config, { secrets, clock, timeLeftMs }),
      openFleet: () => openFleet(table, clock),
      conditions: createConditions(table),
      syncs: createSyncs(table, clock),
      leases: createLeases(table, clock),
      bus: createEventBus(config),
      roleVersion: (source: string) => fivetranRoleVersion(secrets, config.sourceSecretPrefix, source),
      webhookUrl: config.webhookUrl,
      policy: config.verification,
      graceMs: 2 * 60_000,
      clock,
      log,
      metrics: createMetrics('reconcile-syncs'),
    };
  },
  run: (_, dependencies) => reconcileSyncs(dependencies),
});
