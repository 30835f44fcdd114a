import { createEventBus } from '../../shared/clients/event-bus/event-bus.ts';
import { createClaims } from '../../shared/clients/ledger/claims.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { createHandler } from '../../shared/handler.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { reconcileEndpoints } from './reconcile-endpoints.ts';

const name = 'reconcile-endpoints';

export const handler = createHandler({
  name,
  // A schedule, or anybody, asks: there is nothing to be told.
  parse: () => undefined,
  setUp: (log) => {
    const config = loadConfig(['region', 'ledgerTable', 'eventBusName']);
    return {
      privateLink: createPrivateLink(config),
      claims: createClaims(createLedgerTable(config), clock),
      eventBus: createEventBus(config),
      clock,
      log,
      metrics: createMetrics(name),
    };
  },
  run: (_, dependencies) => reconcileEndpoints(dependencies),
});
