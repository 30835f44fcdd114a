import * as z from 'zod/mini';
import type { Clock } from '../../../shared/clock.ts';
import type { Json } from '../../json.ts';
import { instant, type Account, type Group } from '../model.ts';
import { showConnection } from './show-connection.ts';
import { page } from './paging.ts';
import { ApiError, bodyOf, notFound, type Route } from './router.ts';

const Naming = z.strictObject({
  name: z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'only letters, digits and underscores')),
});

/** `/v1/groups` */
export function groupRoutes(account: Account, clock: Clock, newId: () => string): Route[] {
  const find = (id = ''): Group => {
    const group = account.groups.get(id);
    if (group === undefined) throw notFound('Group', id);
    return group;
  };
  return [
    {
      method: 'GET',
      path: 'groups',
      run: (call) => ({
        message: 'Groups retrieved successfully',
        data: page([...account.groups.values()], ({ id }) => id, show, call),
      }),
    },
    {
      method: 'POST',
      path: 'groups',
      run: ({ body }) => {
        const { name } = bodyOf(Naming, body);
        const group: Group = { id: newId(), name, createdAt: clock.now() };
        account.groups.set(group.id, group);
        return { status: 201, message: 'Group has been created', data: show(group) };
      },
    },
    {
      method: 'GET',
      path: 'groups/:id',
      run: ({ params }) => ({ message: 'Group details retrieved successfully', data: show(find(params[0])) }),
    },
    {
      method: 'PATCH',
      path: 'groups/:id',
      run: ({ params, body }) => {
        const group = find(params[0]);
        group.name = bodyOf(Naming, body).name;
        return { message: 'Group has been updated', data: show(group) };
      },
    },
    {
      method: 'DELETE',
      path: 'groups/:id',
      run: ({ params }) => {
        const group = find(params[0]);
        if (account.destinations.has(group.id)) {
          throw new ApiError(409, 'Conflict', `Group with id '${group.id}' still has a destination`);
        }
        account.groups.delete(group.id);
        return { message: `Group with id '${group.id}' has been deleted` };
      },
    },
    {
      method: 'GET',
      path: 'groups/:id/connections',
      run: (call) => {
        const group = find(call.params[0]);
        const schema = call.query.get('schema');
        const connections = [...account.connections.values()].filter(
          ({ groupId, name }) => groupId === group.id && (schema === null || name === schema),
        );
        return {
          message: 'Group connections retrieved successfully',
          data: page(
            connections,
            ({ id }) => id,
            (connection) => showConnection(connection, { now: clock.now(), minuteMs: account.minuteMs }),
            call,
          ),
        };
      },
    },
  ];
}

function show(group: Group): Json {
  return { id: group.id, name: group.name, created_at: instant(group.createdAt) };
}
