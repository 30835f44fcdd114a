import type { EndpointRegisters } from '../../shared/clients/ledger/endpoint-registers.ts';
import type { SetupTestPace } from '../../shared/clients/ledger/setup-test-pace.ts';
import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type { Connection, PrivateLink } from '../../shared/contracts/fivetran.ts';
import type { TestConnectionInput, TestedConnections } from '../../shared/contracts/setup.ts';
import type { Log } from '../../shared/log.ts';
import { judgeSetupTests } from '../../shared/rules/setup-tests.ts';
import { postgresServices } from '../../shared/rules/supported-services.ts';
import { lastEndOf } from '../../shared/rules/sync-view.ts';

export interface TestConnectionDependencies {
  fivetran: Fivetran;
  registers: Pick<EndpointRegisters, 'recordProof'>;
  pace: SetupTestPace;
  log: Log;
}

type Tested = TestedConnections['connections'][number];

const pendingWaitSeconds = 15;
/** A setup test takes up to a minute, and one that could not run is run once more: this many fit into the time limit. */
const mostAtOnce = 4;

/**
 * Runs Fivetran's setup tests for one connection, or for the next of the PostgreSQL connections on a private link, one
 * after the other: each of them logs in to the database. The first test that passes through a link that is OK proves
 * the endpoint.
 */
export async function testConnection(
  input: TestConnectionInput,
  dependencies: TestConnectionDependencies,
): Promise<TestedConnections> {
  const { fivetran } = dependencies;
  if ('connectionId' in input) {
    const connection = await fivetran.connections.get(input.connectionId);
    const link =
      connection.privateLinkId === null
        ? undefined
        : await fivetran.privateLinks.get(connection.privateLinkId);
    return testAll(link, () => Promise.resolve([connection]), '', dependencies);
  }
  const link = await fivetran.privateLinks.get(input.privateLinkId);
  const { after = '' } = input;
  return testAll(link, () => connectionsOn(link.id, after, fivetran), after, dependencies);
}

async function testAll(
  link: PrivateLink | undefined,
  connections: () => Promise<Connection[]>,
  after: string,
  dependencies: TestConnectionDependencies,
): Promise<TestedConnections> {
  if (link !== undefined && link.state !== 'OK') return notReady(link);
  const all = await connections();
  const tested: Tested[] = [];
  const batch = all.slice(0, mostAtOnce);
  const waitSeconds = batch.length === 0 ? 0 : await dependencies.pace.take(batch.length);
  if (waitSeconds > 0) return later(link, waitSeconds, after);
  for (const connection of batch) {
    const one = await testOne(connection, dependencies);
    const isFirstPass = one.outcome === 'passed' && !tested.some(({ outcome }) => outcome === 'passed');
    if (link !== undefined && isFirstPass) await prove(link, one, dependencies);
    tested.push(one);
  }
  const failed = tested.filter(({ outcome }) => outcome === 'failed');
  return {
    outcome: failed.length === 0 ? 'passed' : 'failed',
    privateLinkState: link?.state ?? '',
    connections: tested,
    next: all.length > tested.length ? (tested.at(-1)?.connectionId ?? '') : '',
    waitSeconds: 0,
    paced: false,
    summary:
      failed.length === 0
        ? `The setup tests of ${namesOf(tested)} passed.`
        : failed.map(({ summary }) => summary).join(' '),
  };
}

function notReady({ name, state, stateSummary }: PrivateLink): TestedConnections {
  const failed = state === 'FAIL' || state === 'DESTROYING';
  return {
    outcome: failed ? 'failed' : 'pending',
    privateLinkState: state,
    connections: [],
    next: '',
    waitSeconds: failed ? 0 : pendingWaitSeconds,
    paced: false,
    summary: `Fivetran's private link ${name} is ${state}${stateSummary === '' ? '' : `: ${stateSummary}`}.`,
  };
}

const later = (link: PrivateLink | undefined, waitSeconds: number, after: string): TestedConnections => ({
  outcome: 'pending',
  privateLinkState: link?.state ?? '',
  connections: [],
  waitSeconds,
  next: after,
  paced: true,
  summary: `Fivetran's limit of setup tests is used up for ${String(waitSeconds)} s.`,
});

/** In the order of their ids, so that a later call goes on where this one ended. */
async function connectionsOn(
  privateLinkId: string,
  after: string,
  fivetran: Fivetran,
): Promise<Connection[]> {
  const found: Connection[] = [];
  for await (const { items } of fivetran.connections.list()) {
    found.push(
      ...items.filter(
        (connection) =>
          connection.privateLinkId === privateLinkId &&
          postgresServices.has(connection.service) &&
          connection.id > after,
      ),
    );
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function testOne(
  before: Connection,
  { fivetran, pace, log }: TestConnectionDependencies,
): Promise<Tested> {
  let connection: Connection = await fivetran.connections.test(before.id);
  if (connection.setupTests.some(({ status }) => status === 'JOB_FAILED') && (await pace.take(1)) === 0) {
    // The test itself could not run, which says nothing about the connection: once more.
    connection = await fivetran.connections.test(before.id);
  }
  const { outcome, failing, warnings } = judgeSetupTests(connection);
  for (const warning of warnings) {
    log.warn('SETUP_TEST_WARNING', 'A setup test passed with a warning.', {
      connectionId: before.id,
      ...warning,
    });
  }
  const neverOrLastFailed = lastEndOf(before)?.status !== 'SUCCESSFUL';
  return {
    connectionId: before.id,
    name: before.name,
    outcome,
    startSync: outcome === 'passed' && !before.paused && neverOrLastFailed,
    failing,
    warnings,
    summary: failing.length === 0 ? '' : `The setup tests of ${before.name} failed: ${list(failing)}.`,
  };
}

/** An expected endpoint's claim names no link, so the ledger is asked by the service that the link leads to. */
async function prove(
  link: PrivateLink,
  { connectionId }: Tested,
  { registers, log }: TestConnectionDependencies,
): Promise<void> {
  const serviceId = link.serviceName?.split('.').at(-1);
  if (serviceId === undefined) return;
  const privateLinkId = link.id;
  const proven = await registers.recordProof({ privateLinkId, serviceId, connectionId });
  if (proven) log.info('ENDPOINT_PROVEN', 'A setup test passed through the endpoint.', { privateLinkId });
}

const namesOf = (tested: readonly Tested[]): string =>
  tested.length === 0 ? 'no connection' : tested.map(({ name }) => name).join(', ');

const list = (failing: readonly { title: string; message: string }[]): string =>
  failing.map(({ title, message }) => (message === '' ? title : `${title} (${message})`)).join(', ');
