import * as z from 'zod/mini';
import type { JsonObject } from '../../json.ts';
import type { Account, Connection } from '../model.ts';
import type { ConnectionActions } from './connection-actions.ts';
import { newConnection, updateConnection } from './connection-changes.ts';
import { ConnectionCreation, ConnectionUpdate } from './connection-requests.ts';
import { page } from './paging.ts';
import { ApiError, bodyOf, notFound, type Answer, type Route } from './router.ts';
import { showConnection } from './show-connection.ts';

/** A connection by the id in a path. */
export function findConnection(account: Account, id = ''): Connection {
  const connection = account.connections.get(id);
  if (connection === undefined) throw notFound('Connection', id);
  return connection;
}

/** `/v1/connections` and the actions on one connection. */
export function connectionRoutes(actions: ConnectionActions): Route[] {
  const { account, clock } = actions;
  const find = (id?: string): Connection => findConnection(account, id);
  const now = (): { now: Date; minuteMs: number } => ({ now: clock.now(), minuteMs: account.minuteMs });
  const show = (connection: Connection): JsonObject => showConnection(connection, now());
  const details = (connection: Connection, message: string, tested: boolean): Answer => ({
    message,
    data: showConnection(connection, now(), tested),
  });
  return [
    {
      method: 'GET',
      path: 'connections',
      version: 2,
      run: (call) => {
        const [group, schema] = [call.query.get('group_id'), call.query.get('schema')];
        const connections = [...account.connections.values()].filter(
          ({ groupId, name }) =>
            (group === null || groupId === group) && (schema === null || name === schema),
        );
        return {
          message: 'Connections list retrieved successfully',
          data: page(connections, ({ id }) => id, show, call),
        };
      },
    },
    {
      method: 'POST',
      path: 'connections',
      version: 2,
      run: async ({ body }) => {
        const wanted = bodyOf(ConnectionCreation, body);
        const connection = newConnection(wanted, actions);
        account.connections.set(connection.id, connection);
        const tested = wanted.run_setup_tests ?? true;
        if (tested) await actions.test(connection, { trustCertificates: wanted.trust_certificates ?? false });
        actions.tell({ event: 'create_connector', connection });
        return { ...details(connection, 'Connection has been created', tested), status: 201 };
      },
    },
    {
      method: 'GET',
      path: 'connections/:id',
      version: 2,
      run: ({ params }) => details(find(params[0]), 'Connection details retrieved successfully', false),
    },
    {
      method: 'PATCH',
      path: 'connections/:id',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const wanted = bodyOf(ConnectionUpdate, body);
        await updateConnection(connection, wanted, actions);
        const tested = (wanted.run_setup_tests ?? true) && touchesSetup(wanted);
        if (tested) await actions.test(connection, { trustCertificates: wanted.trust_certificates ?? false });
        return details(connection, 'Connection has been updated', tested);
      },
    },
    {
      method: 'DELETE',
      path: 'connections/:id',
      version: 2,
      run: ({ params }) => {
        const connection = find(params[0]);
        connection.running?.cancel.abort(new Error('The connection is deleted.'));
        account.connections.delete(connection.id);
        actions.forget(connection);
        actions.tell({ event: 'delete_connector', connection });
        return { message: `Connection with id '${connection.id}' has been deleted` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/sync',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const { force } = bodyOf(z.strictObject({ force: z.optional(z.boolean()) }), body ?? {});
        await actions.sync(connection, force ?? false);
        return { message: `Sync has been successfully triggered for connection with id '${connection.id}'` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/resync',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const { scope } = bodyOf(z.strictObject({ scope: z.optional(TableScope) }), body ?? {});
        if (connection.running !== undefined) await connection.running.ended;
        if (scope === undefined) connection.isHistoricalSync = true;
        else markForResync(connection, scope);
        await actions.sync(connection, false);
        return { message: `Sync has been successfully triggered for connection with id '${connection.id}'` };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/schemas/tables/resync',
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        markForResync(connection, bodyOf(TableScope, body));
        await actions.sync(connection, false);
        return { message: 'Re-sync has been triggered successfully' };
      },
    },
    {
      method: 'POST',
      path: 'connections/:id/test',
      version: 2,
      run: async ({ params, body }) => {
        const connection = find(params[0]);
        const options = bodyOf(
          z.strictObject({
            trust_certificates: z.optional(z.boolean()),
            trust_fingerprints: z.optional(z.boolean()),
          }),
          body,
        );
        await actions.test(connection, { trustCertificates: options.trust_certificates ?? false });
        return details(connection, 'Setup tests have been completed', true);
      },
    },
    ...(['GET', 'PATCH'] as const).map((method): Route => ({
      method,
      path: 'connections/:id/state',
      version: 2,
      run: ({ params }) => {
        find(params[0]);
        throw new ApiError(
          405,
          'MethodNotAllowed',
          'Only Function and Connection SDK connections have a state',
        );
      },
    })),
  ];
}

const TableScope = z
  .record(z.string(), z.array(z.string()).check(z.minLength(1, 'must name at least one table')))
  .check(z.refine((scope) => Object.keys(scope).length > 0, 'must name at least one schema'));

function markForResync(connection: Connection, scope: z.output<typeof TableScope>): void {
  const configs = Object.entries(scope).flatMap(([schema, tables]) =>
    tables.map((table) => {
      const config = connection.schemas.get(schema)?.tables.get(table);
      if (config === undefined) throw new ApiError(404, 'NotFound', `Table ${schema}.${table} not found`);
      return config;
    }),
  );
  for (const config of configs) config.resync = true;
}

const touchesSetup = (wanted: ConnectionUpdate): boolean =>
  wanted.config !== undefined ||
  wanted.networking_method !== undefined ||
  wanted.private_link_id !== undefined;
