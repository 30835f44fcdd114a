import { systemClock } from '../../shared/clock.ts';
import type { Binding } from '../../shared/contracts/endpoint-register.ts';
import { sourceTagKey } from '../../shared/contracts/endpoint.ts';
import { isUsable, userOf } from '../../shared/rules/endpoint-register.ts';
import { summarize } from '../../shared/rules/findings.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';
import type { Command } from '../command.ts';
import { openPath, type PathClients } from '../path.ts';
import type { Stack } from '../stack.ts';

type Row = Record<string, string>;

export const status: Command = {
  name: 'status',
  summary: 'Shows services, endpoint connections, expectations, Fivetran connections and open incidents.',
  arguments: [],
  options: {},
  async run(_given, stack, terminal) {
    const path = await openPath(stack);
    const services = await readServices(stack, path);
    const answer = {
      'Endpoint services': services,
      'Endpoint connections': await readEndpoints(path, services),
      Expectations: await readExpectations(path, services),
      'Fivetran connections': await readConnections(path, services),
      'Open incidents': await readIncidents(path),
    };
    for (const [title, rows] of Object.entries(answer)) {
      terminal.line(title);
      const [first] = rows;
      if (first === undefined) terminal.line('  none');
      else
        terminal.table(
          Object.keys(first),
          rows.map((row) => Object.values(row)),
        );
      terminal.line();
    }
    return { ok: true, answer };
  },
};

async function readServices(stack: Stack, { privateLink, loadBalancers }: PathClients): Promise<Row[]> {
  const services = await privateLink.managedServices(stack.prefix);
  return Promise.all(
    services.map(async ({ serviceId, serviceName, tags, state, loadBalancerArns }) => ({
      service: serviceId,
      source: tags[sourceTagKey] ?? '',
      state,
      targets: summarize(judgeTargets(await loadBalancers.describe(loadBalancerArns))).status,
      name: serviceName,
    })),
  );
}

async function readEndpoints({ privateLink, registers }: PathClients, services: Row[]): Promise<Row[]> {
  const serviceIds = services.map(({ service = '' }) => service);
  const known = await Promise.all(serviceIds.map((serviceId) => registers.read(serviceId)));
  const live = known.flatMap(({ bindings }) => bindings.filter(({ releasedAt }) => releasedAt === undefined));
  const connections = serviceIds.length === 0 ? [] : await privateLink.connections(serviceIds);
  return connections.map(({ endpointId, serviceId, ownerAccount, wireState }) => {
    const binding = live.find((candidate) => candidate.endpointId === endpointId);
    return {
      endpoint: endpointId,
      service: serviceId,
      owner: ownerAccount,
      state: wireState,
      'accepted for': binding === undefined ? '' : describeClaim(binding),
      proven: binding?.provenAt ?? '',
    };
  });
}

function describeClaim({ claim }: Binding): string {
  switch (claim.kind) {
    case 'private-link':
      return `private link ${claim.privateLinkId}`;
    case 'expectation':
      return `expectation of ${claim.recordedBy}`;
    case 'approval':
      return `decision of ${claim.approvedBy}`;
  }
}

/** What operators said would come, as long as it counts. */
async function readExpectations({ registers }: PathClients, services: Row[]): Promise<Row[]> {
  const known = await Promise.all(
    services.map(async ({ service = '' }) => ({ service, register: await registers.read(service) })),
  );
  const now = systemClock.now().toISOString();
  return known.flatMap(({ service, register }) =>
    register.expectations
      .filter((expectation) => isUsable(register, expectation, now))
      .map(({ expectationId, recordedBy, expiresAt }) => ({
        expectation: expectationId,
        service,
        by: recordedBy,
        until: expiresAt,
        'used by':
          userOf(register.bindings, { kind: 'expectation', expectationId, recordedBy })?.endpointId ?? '',
      })),
  );
}

/** Fivetran's connections that come through a private link to one of our services. */
async function readConnections({ fivetran }: PathClients, services: Row[]): Promise<Row[]> {
  const names = new Set(services.map(({ name }) => name));
  const links = await fivetran.privateLinks.list();
  const ours = new Set(links.filter(({ serviceName }) => names.has(serviceName ?? '')).map(({ id }) => id));
  const found: Row[] = [];
  for await (const { items } of fivetran.connections.list()) {
    for (const {
      id,
      name,
      paused,
      setupState,
      syncState,
      succeededAt,
      updateMethod,
      privateLinkId,
    } of items) {
      if (privateLinkId === null || !ours.has(privateLinkId)) continue;
      found.push({
        connection: id,
        name,
        state: paused ? 'paused' : `${setupState}, ${syncState}`,
        'last success': succeededAt ?? 'never',
        method: updateMethod,
      });
    }
  }
  return found;
}

async function readIncidents({ incidents }: PathClients): Promise<Row[]> {
  const { incidents: all } = await incidents.list();
  return all
    .filter((incident) => incident.status === 'open')
    .map(({ key, openedAt, problems }) => ({
      subject: key,
      since: openedAt,
      what: problems.map(({ summary }) => summary).join('; '),
    }));
}
