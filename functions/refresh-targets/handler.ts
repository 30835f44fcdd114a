import { createEventBus } from '../../shared/clients/event-bus/event-bus.ts';
import { createConditions } from '../../shared/clients/ledger/conditions.ts';
import { createLedgerTable } from '../../shared/clients/ledger/table.ts';
import { createTargets } from '../../shared/clients/load-balancer/targets.ts';
import { addressesOf } from '../../shared/clients/names/addresses.ts';
import { createSecrets } from '../../shared/clients/secrets/secrets.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { SourceSecret } from '../../shared/contracts/source-connection.ts';
import { createHandler } from '../../shared/handler.ts';
import { refreshTargets, type RefreshTargetsDependencies } from './refresh-targets.ts';

export const handler = createHandler({
  name: 'refresh-targets',
  // An RDS event or the schedule only wakes it up; what to do is read from DNS and the target group.
  parse: () => undefined,
  setUp: (log): RefreshTargetsDependencies => {
    const config = loadConfig([
      'ledgerTable',
      'eventBusName',
      'sourceSecretPrefix',
      'targetGroups',
      'vpcRanges',
      'targetRanges',
    ]);
    const secrets = createSecrets(clock);
    const prefix = config.sourceSecretPrefix;
    return {
      groups: config.targetGroups,
      vpcRanges: config.vpcRanges,
      otherRanges: config.targetRanges,
      hostOf: async (source) => (await secrets.read(`${prefix}${source}`, SourceSecret)).host,
      addressesOf,
      targets: createTargets(),
      conditions: createConditions(createLedgerTable(config)),
      bus: createEventBus(config),
      clock,
      log,
    };
  },
  run: (_, dependencies) => refreshTargets(dependencies),
});
