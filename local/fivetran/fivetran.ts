import { randomBytes } from 'node:crypto';
import { systemClock, type Clock } from '../../shared/clock.ts';
import { literal, withConnection, type Warehouse } from '../databricks/warehouse.ts';
import { startHttpServer } from '../http-server.ts';
import { certificateRoutes } from './api/certificates.ts';
import { connectionRoutes } from './api/connections.ts';
import { destinationRoutes } from './api/destinations.ts';
import { groupRoutes } from './api/groups.ts';
import { privateLinkRoutes } from './api/private-links.ts';
import { answer } from './api/router.ts';
import { schemaRoutes } from './api/schemas.ts';
import { syncHistoryRoutes } from './api/sync-history.ts';
import { webhookRoutes } from './api/webhooks.ts';
import { createFaults } from './faults.ts';
import { createIds } from './ids.ts';
import { answerLocally, createLevers, type Levers } from './levers.ts';
import { configText, type Account, type Destination, type SetupTest } from './model.ts';
import { createPlatformLog } from './platform-log.ts';
import { createPrivateLinkKeeper, fivetranAwsAccount } from './private-links.ts';
import { createScheduler } from './scheduler.ts';
import { runSetupTests } from './setup-tests.ts';
import { withSource, type ResolveLink } from './source/source.ts';
import { readTables } from './source/tables.ts';
import { createSyncer } from './sync/run-sync.ts';
import { createWebhooks } from './webhooks.ts';

export interface FivetranOptions {
  /** Where Fivetran's own AWS account calls EC2. */
  awsEndpoint: string;
  region: string;
  /** Another AWS account than Fivetran's, to see that its requests are not accepted. */
  awsAccount?: string;
  resolveLink: ResolveLink;
  /** Authority of the sources' certificates that Fivetran trusts as it trusts the cloud providers'. */
  sourceCaPem?: string;
  /** Authority of the webhook receivers' certificates. */
  webhookCaPem?: string;
  warehouse: Warehouse;
  /** Why the destination takes no data at present; undefined when it does. */
  destinationTrouble?: () => string | undefined;
  clock?: Clock;
  /** Milliseconds that one of Fivetran's minutes takes (sync frequency, webhook repetitions); a real one by default. */
  minuteMs?: number;
  /** Milliseconds between two looks at a private link's endpoint. */
  pollMs?: number;
  /** Hears of faults of the simulation itself. */
  onFault?: (error: unknown) => void;
}

/** A Fivetran account on this machine, with one group whose Databricks destination is connected. */
export interface LocalFivetran extends Levers {
  url: string;
  apiKey: string;
  apiSecret: string;
  /** Fivetran's AWS account. */
  accountId: string;
  /** The group, and so the destination, that the account begins with. */
  groupId: string;
  /** All that the account holds, as it is now. */
  account: Readonly<Account>;
  stop: () => Promise<void>;
}

/** Starts the simulated Fivetran. */
export async function startFivetran(options: FivetranOptions): Promise<LocalFivetran> {
  const { warehouse, clock = systemClock, minuteMs = 60_000, onFault = () => undefined } = options;
  const [apiKey, apiSecret] = [randomBytes(8).toString('hex'), randomBytes(16).toString('hex')];
  const awsAccount = options.awsAccount ?? fivetranAwsAccount;
  const newId = createIds();
  const faults = createFaults();
  const account: Account = {
    minuteMs,
    groups: new Map(),
    destinations: new Map(),
    privateLinks: new Map(),
    connections: new Map(),
    webhooks: new Map(),
  };
  const groupId = newId();
  account.groups.set(groupId, { id: groupId, name: 'Databricks', createdAt: clock.now() });
  account.destinations.set(groupId, {
    id: groupId,
    service: 'databricks',
    region: 'AWS_US_EAST_1',
    timeZoneOffset: '0',
    daylightSavingTimeEnabled: false,
    setupStatus: 'CONNECTED',
    config: { catalog: warehouse.catalog, cloud_provider: 'AWS', auth_type: 'OAUTH2', port: 443 },
  });

  const source = {
    account,
    resolveLink: options.resolveLink,
    trustedAuthorities: options.sourceCaPem === undefined ? [] : [options.sourceCaPem],
  };
  const webhooks = createWebhooks({ account, clock, faults, caPem: options.webhookCaPem, minuteMs });
  const keeper = createPrivateLinkKeeper({
    account,
    awsEndpoint: options.awsEndpoint,
    region: options.region,
    awsAccount,
    clock,
    faults,
    pollMs: options.pollMs ?? 200,
  });
  const syncer = createSyncer({
    ...source,
    warehouse,
    clock,
    faults,
    log: await createPlatformLog(warehouse),
    destinationTrouble: options.destinationTrouble ?? (() => undefined),
    tell: webhooks.tell,
    onFault,
  });
  const test: Parameters<typeof connectionRoutes>[0]['test'] = (connection, how) =>
    runSetupTests(connection, how, { ...source, clock, faults });
  const scheduler = createScheduler({
    account,
    clock,
    minuteMs,
    test: (connection) => test(connection, { trustCertificates: false }),
    run: syncer.run,
  });
  const routes = [
    ...connectionRoutes({
      account,
      clock,
      faults,
      newId,
      test,
      sync: scheduler.sync,
      forget: syncer.forget,
      tell: webhooks.tell,
    }),
    ...schemaRoutes(account, (connection) => withSource(connection, source, readTables)),
    ...certificateRoutes(account, clock),
    ...syncHistoryRoutes(account, clock, faults),
    ...privateLinkRoutes(account, keeper, clock, newId),
    ...destinationRoutes(account, (destination) => testDestination(destination, warehouse)),
    ...groupRoutes(account, clock, newId),
    ...webhookRoutes(account, webhooks, clock, newId),
  ];
  const levers = createLevers(account, faults, (connection) => void scheduler.sync(connection, false));
  const authorization = `Basic ${Buffer.from(`${apiKey}:${apiSecret}`).toString('base64')}`;
  const server = await startHttpServer((request) => {
    if (request.path[0] === '_local') return Promise.resolve(answerLocally(request, levers));
    const fault = faults.take('answer', ({ path = '' }) => `/${request.path.join('/')}`.startsWith(path));
    if (fault !== undefined) {
      return Promise.resolve({
        status: fault.status,
        body: { code: `Fault${fault.status}`, message: 'A fault that was asked for' },
        headers:
          fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) },
      });
    }
    return answer(routes, authorization, request);
  }, onFault);

  return {
    url: server.url,
    apiKey,
    apiSecret,
    accountId: awsAccount,
    groupId,
    account,
    ...levers,
    stop: async () => {
      scheduler.stop();
      webhooks.stop();
      keeper.stop();
      const running = [...account.connections.values()].flatMap((connection) => connection.running ?? []);
      for (const { cancel } of running) cancel.abort(new Error('Fivetran stops.'));
      await Promise.all(running.map(({ ended }) => ended));
      await server.stop();
    },
  };
}

async function testDestination(destination: Destination, warehouse: Warehouse): Promise<SetupTest[]> {
  const catalog = configText(destination.config, 'catalog');
  const found = await withConnection(warehouse, async (connection) => {
    const reader = await connection.runAndReadAll(
      `SELECT 1 FROM duckdb_databases() WHERE database_name = ${literal(catalog)} AND NOT internal`,
    );
    return reader.currentRowCount > 0;
  });
  destination.setupStatus = found ? 'CONNECTED' : 'INCOMPLETE';
  return [
    { title: 'Host Connection', status: 'PASSED', message: '' },
    found
      ? { title: 'Database Connection', status: 'PASSED', message: '' }
      : {
          title: 'Database Connection',
          status: 'FAILED',
          message: `Catalog '${catalog}' was not found`,
        },
  ];
}
