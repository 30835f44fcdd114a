import { randomUUID } from 'node:crypto';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createLoginSlots } from '../../shared/clients/ledger/login-slots.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import { createSourceEvidence } from '../../shared/clients/ledger/source-evidence.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import * as changedRows from '../../shared/clients/postgres/changed-rows.ts';
import { probePlain } from '../../shared/clients/postgres/plain-probe.ts';
import { listTables } from '../../shared/clients/postgres/selectable-tables.ts';
import { readServer } from '../../shared/clients/postgres/server-facts.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { CheckSourceInput } from '../../shared/contracts/increment.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { checkSource, type CheckSourceDependencies } from './check-source.ts';

export const handler = createHandler({
  name: 'check-source',
  parse: (event) => parse(CheckSourceInput, event, 'The input of check-source'),
  setUp: (log): CheckSourceDependencies => {
    const config = loadConfig(['ledgerTable', 'sourceSecretPrefix']);
    const table = createLedgerTable(config);
    const leases = createLeases(table, clock);
    return {
      postgres: createPostgres({
        secrets: createSecrets(clock),
        sourceSecretPrefix: config.sourceSecretPrefix,
        applicationName: 'check-source',
      }),
      marks: createMarks(table, clock),
      evidence: createSourceEvidence(table, leases, { clock, holder: randomUUID }),
      slots: createLoginSlots(leases, { clock, holder: randomUUID, longestSeconds: 120 }),
      connections: createConnections(table),
      reads: { ...changedRows, ...sourceFacts, readServer, probePlain, listTables },
      clock,
      log,
      metrics: createMetrics('check-source'),
    };
  },
  run: checkSource,
});
