import type { SelectedTable } from '../../shared/contracts/connection-record.ts';
import type { Fivetran } from '../../shared/clients/fivetran/fivetran.ts';
import type {
  Connection,
  Destination,
  Group,
  PastSync,
  PrivateLink,
  Webhook,
} from '../../shared/contracts/fivetran.ts';
import { NotFoundError } from '../../shared/errors.ts';
import type { Clock } from '../../shared/clock.ts';

/** A connection that is set up and has synced before; times are Fivetran's. */
export function connectionOf(change: Partial<Connection> = {}): Connection {
  return {
    id: 'assimilate_seem',
    service: 'postgres',
    name: 'dvdrental',
    groupId: 'projected_sickle',
    paused: false,
    syncFrequency: 360,
    scheduleType: 'auto',
    createdAt: '2026-11-01T00:00:00Z',
    succeededAt: '2026-11-22T09:00:00.123456Z',
    failedAt: null,
    networkingMethod: 'PrivateLink',
    privateLinkId: 'pl_1',
    updateMethod: 'TELEPORT',
    host: 'vpce-1.example.com',
    port: 5432,
    database: 'dvdrental',
    user: 'fivetran',
    setupState: 'connected',
    syncState: 'scheduled',
    updateState: 'on_schedule',
    isHistoricalSync: false,
    rescheduledFor: null,
    tasks: [],
    warnings: [],
    setupTests: [],
    ...change,
  };
}

export interface FivetranDouble extends Fivetran {
  connectionsById: Map<string, Connection>;
  links: PrivateLink[];
  registered: Webhook[];
  destination: Destination | undefined;
  /** What the schemas' endpoint tells; undefined before Fivetran has captured a schema. */
  tables: SelectedTable[] | undefined;
  /** The account's groups. */
  knownGroups: Group[];
  /** Undefined where Fivetran does not offer it. */
  history: PastSync[] | undefined;
  /** Every call, for instance `connections.get assimilate_seem`. */
  calls: string[];
  /** What create and update were given. */
  sent: unknown[];
  /** Thrown by the next connections.create, then the one after it. */
  refusals: Error[];
}

/** Fivetran's client in memory. Its time is the clock's, away by as much as one likes. */
export function createFivetranDouble(
  clock: Clock,
  connections: readonly Connection[] = [connectionOf()],
  skewSeconds = 0,
): FivetranDouble {
  const serverTime = () => new Date(clock.now().getTime() + skewSeconds * 1000);
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const find = (id: string): Connection => {
    const connection = byId.get(id);
    if (connection === undefined) throw new NotFoundError(`Fivetran does not know it (${id}).`);
    return connection;
  };
  const now = (connection: Connection) => ({ ...structuredClone(connection), serverTime: serverTime() });
  const answer = <Value>(call: string, make: () => Value): Promise<Value> => {
    double.calls.push(call);
    return Promise.resolve().then(make);
  };
  const double: FivetranDouble = {
    connectionsById: byId,
    links: [],
    registered: [],
    tables: [
      {
        schema: 'public',
        table: 'actor',
        destinationSchema: 'dvd_public',
        destinationTable: 'actor',
        syncMode: 'SOFT_DELETE',
        columns: [],
      },
    ],
    destination: {
      id: 'projected_sickle',
      service: 'databricks',
      setupStatus: 'CONNECTED',
      catalog: 'workspace',
    },
    calls: [],
    sent: [],
    refusals: [],
    history: undefined,
    knownGroups: [{ id: 'projected_sickle', name: 'Warehouse' }],
    connections: {
      get: (id) => answer(`connections.get ${id}`, () => now(find(id))),
      list: async function* ({ groupId, schema } = {}) {
        const all = [...byId.values()].filter(
          (connection) =>
            (groupId === undefined || connection.groupId === groupId) &&
            (schema === undefined || connection.name === schema),
        );
        for (let start = 0; start === 0 || start < all.length; start += 1000) {
          yield await answer('connections.list', () => ({
            items: structuredClone(all.slice(start, start + 1000)),
            serverTime: serverTime(),
          }));
        }
      },
      create: (connection) =>
        answer('connections.create', () => {
          double.sent.push(connection);
          const refusal = double.refusals.shift();
          if (refusal !== undefined) throw refusal;
          const made = connectionOf({
            id: 'new_one',
            name: connection.schemaPrefix,
            groupId: connection.groupId,
            service: connection.service,
            privateLinkId: connection.privateLinkId,
            updateMethod: connection.updateMethod,
            paused: true,
            succeededAt: null,
            setupState: 'incomplete',
          });
          byId.set(made.id, made);
          return now(made);
        }),
      update: (id, change) =>
        answer(`connections.update ${id}`, () => {
          double.sent.push(change);
          const connection = find(id);
          if (change.paused !== undefined) connection.paused = change.paused;
          if (change.networking !== undefined) connection.privateLinkId = change.networking.privateLinkId;
          return now(connection);
        }),
      sync: (id) => answer(`connections.sync ${id}`, () => void (find(id).syncState = 'syncing')),
      test: (id) => answer(`connections.test ${id}`, () => now(find(id))),
    },
    schemas: {
      selectedTables: (id) => answer(`schemas ${id}`, () => double.tables),
      reload: (id) => answer(`schemas.reload ${id}`, () => double.tables ?? []),
    },
    syncHistory: { list: (id) => answer(`syncHistory ${id}`, () => structuredClone(double.history)) },
    groups: {
      list: () => answer('groups.list', () => structuredClone(double.knownGroups)),
      get: (id) =>
        answer(`groups.get ${id}`, () => {
          const group = double.knownGroups.find((each) => each.id === id);
          if (group === undefined) throw new NotFoundError('Fivetran does not know it.');
          return { ...group };
        }),
    },
    destinations: {
      get: (id) =>
        answer(`destinations.get ${id}`, () => {
          if (double.destination === undefined) throw new NotFoundError('Fivetran does not know it.');
          return double.destination;
        }),
    },
    privateLinks: {
      list: () => answer('privateLinks.list', () => structuredClone(double.links)),
      get: (id) =>
        answer(`privateLinks.get ${id}`, () => {
          const link = double.links.find((each) => each.id === id);
          if (link === undefined) throw new NotFoundError('Fivetran does not know it.');
          return structuredClone(link);
        }),
      create: (link) =>
        answer('privateLinks.create', () => {
          double.sent.push(link);
          const made: PrivateLink = {
            id: `pl_${double.links.length + 1}`,
            service: 'SOURCE_AWS',
            state: 'CREATING',
            stateSummary: '',
            createdAt: serverTime().toISOString(),
            ...link,
          };
          double.links.push(made);
          return structuredClone(made);
        }),
    },
    webhooks: {
      list: () => answer('webhooks.list', () => structuredClone(double.registered)),
      createForAccount: ({ url, events, secret }) =>
        answer('webhooks.create', () => {
          double.sent.push({ url, events, secret });
          const webhook: Webhook = { id: 'w_1', type: 'account', url, events: [...events], active: true };
          double.registered.push(webhook);
          return webhook;
        }),
      update: (id, change) =>
        answer(`webhooks.update ${id}`, () => {
          double.sent.push(change);
          const webhook = double.registered.find((each) => each.id === id)!;
          return Object.assign(webhook, change.active === undefined ? {} : { active: change.active });
        }),
    },
  };
  return double;
}
