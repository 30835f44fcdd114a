import { createEventBus } from '../clients/event-bus/event-bus.ts';
import { createEndpointRegisters } from '../clients/ledger/endpoint-registers.ts';
import { createLedgerTable } from '../clients/ledger/table.ts';
import { createPrivateLink } from '../clients/privatelink/privatelink.ts';
import { systemClock as clock } from '../clock.ts';
import { loadConfig } from '../config.ts';
import type { Log } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import type { EndpointWatch } from './watch.ts';

/** Builds what a function needs that holds endpoints against the ledger. */
export function setUpEndpointWatch(functionName: string, log: Log): EndpointWatch {
  const config = loadConfig(['region', 'stackName', 'ledgerTable', 'eventBusName']);
  return {
    stackName: config.stackName,
    privateLink: createPrivateLink(config),
    registers: createEndpointRegisters(createLedgerTable(config), clock),
    eventBus: createEventBus(config),
    clock,
    log,
    metrics: createMetrics(functionName),
  };
}
