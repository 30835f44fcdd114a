import { randomUUID } from 'node:crypto';
import { createConnections } from '../../shared/clients/ledger/connections.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createLoginSlots } from '../../shared/clients/ledger/login-slots.ts';
import { createMarks } from '../../shared/clients/ledger/marks.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import {
  ageOf,
  countRows,
  onOneSnapshot,
  pagesOf,
  readChangedRows,
  readKeys,
  readWriters,
} from '../../shared/clients/postgres/changed-rows.ts';
import { createPostgres } from '../../shared/clients/postgres/session.ts';
import * as sourceFacts from '../../shared/clients/postgres/source-facts.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { MarkSourceInput } from '../../shared/contracts/increment.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { markSource, type MarkSourceDependencies } from './mark-source.ts';

const pagesPerMegabyte = 128;

export const handler = createHandler({
  name: 'mark-source',
  parse: (event) => parse(MarkSourceInput, event, 'The input of mark-source'),
  setUp: (log): MarkSourceDependencies => {
    const config = loadConfig([
      'ledgerTable',
      'sourceSecretPrefix',
      'deleteCheckRows',
      'markRows',
      'markMegabytes',
      'markSeconds',
      'markScanMegabytes',
    ]);
    const table = createLedgerTable(config);
    return {
      postgres: createPostgres({
        secrets: createSecrets(clock),
        sourceSecretPrefix: config.sourceSecretPrefix,
        applicationName: 'mark-source',
      }),
      marks: createMarks(table, clock),
      slots: createLoginSlots(createLeases(table, clock), {
        clock,
        holder: randomUUID,
        longestSeconds: 300,
      }),
      connections: createConnections(table),
      reads: {
        ageOf,
        countRows,
        onOneSnapshot,
        pagesOf,
        readChangedRows,
        readKeys,
        readWriters,
        ...sourceFacts,
      },
      bounds: {
        rowsPerTable: config.markRows,
        bytes: config.markMegabytes * 1_000_000,
        seconds: config.markSeconds,
        statementSeconds: Math.min(60, config.markSeconds),
        scanPages: config.markScanMegabytes * pagesPerMegabyte,
        deleteCheckRows: config.deleteCheckRows,
      },
      clock,
      log,
    };
  },
  run: markSource,
});
