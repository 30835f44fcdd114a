import { systemClock } from '../shared/clock.ts';
import type { Claim, EndpointRegister } from '../shared/contracts/endpoint-register.ts';
import { sourceTagKey, type EndpointService } from '../shared/contracts/endpoint.ts';
import type { FindingStatus } from '../shared/contracts/finding.ts';
import type { Severity } from '../shared/contracts/incident.ts';
import type { Subject } from '../shared/contracts/subject.ts';
import { bindingOfEndpoint, isUsable, userOf } from '../shared/rules/endpoint-register.ts';
import { summarize } from '../shared/rules/findings.ts';
import { shownProblems } from '../shared/rules/incident-problems.ts';
import { judgeTargets } from '../shared/rules/target-health.ts';
import { sentenceOf } from './errors.ts';
import { openPath, type PathClients } from './path.ts';
import type { Stack } from './stack.ts';

/** One thing of each kind that `status` shows. Every key is always there; `null` is what there is not. */
export interface StatusItems {
  endpointServices: {
    serviceId: string;
    serviceName: string;
    source: string | null;
    state: string;
    /** Whether the load balancer can reach the database. */
    targets: FindingStatus;
  };
  endpointConnections: {
    endpointId: string;
    serviceId: string;
    ownerAccount: string;
    /** EC2's own word, for instance `pendingAcceptance`. */
    state: string;
    /** Why it was accepted here. */
    claim: Claim | null;
    provenAt: string | null;
  };
  /** What operators said would come, as long as it counts. */
  expectations: {
    expectationId: string;
    serviceId: string;
    recordedBy: string;
    expiresAt: string;
    /** The endpoint that came. */
    usedBy: string | null;
  };
  /** Those that come through a private link to one of our services. */
  fivetranConnections: {
    connectionId: string;
    name: string;
    paused: boolean;
    /** Fivetran's own words. */
    setupState: string;
    syncState: string;
    succeededAt: string | null;
    failedAt: string | null;
    updateMethod: string;
  };
  /** The open ones. */
  incidents: {
    subject: Subject;
    openedAt: string;
    problems: { kind: string; severity: Severity; summary: string; since: string }[];
  };
}

/** A list for each kind of thing. */
export type StatusLists = { [Kind in keyof StatusItems]: StatusItems[Kind][] };

/** What `status --json` prints. */
export interface StackStatus extends StatusLists {
  /** Kinds whose list is empty because it could not be read. */
  unread: { kind: keyof StatusItems; reason: string }[];
}

/**
 * Reads a stack's present state. What cannot be read beside the services, such as Fivetran's side before its API key
 * is filled in, hides nothing else.
 *
 * @throws what AWS says when not even the services can be read
 */
export async function readStatus(stack: Stack): Promise<StackStatus> {
  const path = await openPath(stack);
  const services = await path.privateLink.managedServices(stack.prefix);
  const unread: StackStatus['unread'] = [];
  let reading: Promise<Registers> | undefined;
  const registers = (): Promise<Registers> => (reading ??= readRegisters(path, services));
  const list = async <Item>(kind: keyof StatusItems, read: () => Promise<Item[]>): Promise<Item[]> => {
    try {
      return await read();
    } catch (error) {
      unread.push({ kind, reason: sentenceOf(error) });
      return [];
    }
  };
  return {
    endpointServices: await list('endpointServices', () => readServices(path, services)),
    endpointConnections: await list('endpointConnections', () => readEndpoints(path, services, registers)),
    expectations: await list('expectations', () => readExpectations(registers)),
    fivetranConnections: await list('fivetranConnections', () => readConnections(path, services)),
    incidents: await list('incidents', () => readIncidents(path)),
    unread,
  };
}

type Services = readonly EndpointService[];

/** What the ledger knows of each service's endpoints, by service. */
type Registers = ReadonlyMap<string, EndpointRegister>;

const readServices = (
  { loadBalancers }: PathClients,
  services: Services,
): Promise<StatusItems['endpointServices'][]> =>
  Promise.all(
    services.map(async ({ serviceId, serviceName, tags, state, loadBalancerArns }) => ({
      serviceId,
      serviceName,
      source: tags[sourceTagKey] ?? null,
      state,
      targets: summarize(judgeTargets(await loadBalancers.describe(loadBalancerArns))).status,
    })),
  );

async function readEndpoints(
  { privateLink }: PathClients,
  services: Services,
  registers: () => Promise<Registers>,
): Promise<StatusItems['endpointConnections'][]> {
  if (services.length === 0) return [];
  const serviceIds = services.map(({ serviceId }) => serviceId);
  const [connections, known] = await Promise.all([privateLink.connections(serviceIds), registers()]);
  return connections.map(({ endpointId, serviceId, ownerAccount, wireState }) => {
    const register = known.get(serviceId);
    const binding = register === undefined ? undefined : bindingOfEndpoint(register, endpointId);
    return {
      endpointId,
      serviceId,
      ownerAccount,
      state: wireState,
      claim: binding?.claim ?? null,
      provenAt: binding?.provenAt ?? null,
    };
  });
}

async function readExpectations(registers: () => Promise<Registers>): Promise<StatusItems['expectations'][]> {
  const known = await registers();
  const now = systemClock.now().toISOString();
  return [...known].flatMap(([serviceId, register]) =>
    register.expectations
      .filter((expectation) => isUsable(register, expectation, now))
      .map(({ expectationId, recordedBy, expiresAt }) => ({
        expectationId,
        serviceId,
        recordedBy,
        expiresAt,
        usedBy:
          userOf(register.bindings, { kind: 'expectation', expectationId, recordedBy })?.endpointId ?? null,
      })),
  );
}

async function readRegisters({ registers }: PathClients, services: Services): Promise<Registers> {
  return new Map(
    await Promise.all(
      services.map(async ({ serviceId }) => [serviceId, await registers.read(serviceId)] as const),
    ),
  );
}

async function readConnections(
  { fivetran }: PathClients,
  services: Services,
): Promise<StatusItems['fivetranConnections'][]> {
  const names = new Set<string | null | undefined>(services.map(({ serviceName }) => serviceName));
  const links = await fivetran.privateLinks.list();
  const ours = new Set<string | null>(
    links.filter(({ serviceName }) => names.has(serviceName)).map(({ id }) => id),
  );
  const found: StatusItems['fivetranConnections'][] = [];
  for await (const { items } of fivetran.connections.list()) {
    for (const { id, privateLinkId, ...connection } of items) {
      if (!ours.has(privateLinkId)) continue;
      const { name, paused, setupState, syncState, succeededAt, failedAt, updateMethod } = connection;
      found.push({
        ...{ connectionId: id, name, paused, setupState, syncState, succeededAt, failedAt, updateMethod },
      });
    }
  }
  return found;
}

async function readIncidents({ incidents }: PathClients): Promise<StatusItems['incidents'][]> {
  const { incidents: all } = await incidents.list();
  return all
    .filter(({ status }) => status === 'open')
    .map((incident) => ({
      subject: incident.subject,
      openedAt: incident.openedAt,
      problems: shownProblems(incident).map(({ kind, severity, summary, since }) => ({
        kind,
        severity,
        summary,
        since,
      })),
    }));
}
