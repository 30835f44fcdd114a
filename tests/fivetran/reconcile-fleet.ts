import { reconcileSyncs } from '../../functions/reconcile-syncs/reconcile-syncs.ts';
import { createFivetran } from '../../shared/clients/fivetran/fivetran.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import { systemClock } from '../../shared/clock.ts';
import { createMemoryLedger } from '../support/memory-ledger.ts';
import { silentLog } from '../support/silent-log.ts';
import { silentMetrics } from '../support/silent-metrics.ts';

// Run as a process of its own, so that its memory is that of the reconciliation: twice over the fleet that the
// given server shows, the second time with every sync ended anew. The ledger in memory is counted in.

const [, , baseUrl = ''] = process.argv;
const table = createMemoryLedger();
const syncs = createSyncs(table, systemClock);
const fivetran = createFivetran({
  baseUrl,
  credentials: () => Promise.resolve({ apiKey: 'key', apiSecret: 'secret' }),
  clock: systemClock,
});

const reconcile = () =>
  reconcileSyncs(undefined, {
    fivetran,
    syncs,
    leases: createLeases(table, systemClock),
    bus: { put: () => Promise.resolve() },
    roleVersion: () => Promise.resolve(undefined),
    webhookUrl: 'https://example.com/fivetran',
    policy: 'every 24h',
    graceMs: 0,
    clock: systemClock,
    log: silentLog,
    metrics: silentMetrics,
  });

const first = await reconcile();
for (const id of (await syncs.states()).keys()) {
  await syncs.change(id, { lastEndedAt: '2026-01-01T00:00:00.000Z' });
}
const second = await reconcile();
const rssMegabytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ first, second, rssMegabytes }));
