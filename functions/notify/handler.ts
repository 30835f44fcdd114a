import { randomUUID } from 'node:crypto';
import { createIncidents } from '../../shared/clients/ledger/incidents.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { createSlack } from '../../shared/clients/slack/connect.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { createHandler } from '../../shared/handler.ts';
import { createMetrics } from '../../shared/metrics.ts';
import { notify, type NotifyDependencies } from './notify.ts';
import { readEvent } from './read-event.ts';

export const handler = createHandler({
  name: 'notify',
  parse: (event) => readEvent(event, clock.now()),
  setUp: (log): NotifyDependencies => {
    const config = loadConfig([
      'ledgerTable',
      'slackSecretId',
      'slackBaseUrl',
      'slackChannel',
      'slackMention',
      'slackRouting',
      'runbookUrl',
      'acceptEndpointMachineArn',
    ]);
    const table = createLedgerTable(config);
    return {
      incidents: createIncidents(table, clock),
      leases: createLeases(table, clock),
      slack: createSlack({
        baseUrl: config.slackBaseUrl,
        secretId: config.slackSecretId,
        secrets: createSecrets(clock),
      }),
      clock,
      log,
      metrics: createMetrics('notify'),
      // An environment serves one invocation at a time, so its own name tells invocations apart.
      holder: randomUUID(),
      channel: config.slackChannel,
      mention: config.slackMention,
      routes: config.slackRouting,
      runbookUrl: config.runbookUrl,
      acceptEndpointMachineArn: config.acceptEndpointMachineArn,
    };
  },
  run: notify,
});
