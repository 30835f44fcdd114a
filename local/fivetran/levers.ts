import * as z from 'zod/mini';
import { refuseFault } from '../fault-refusal.ts';
import { jsonOf, type HttpReply, type HttpRequest } from '../http-server.ts';
import { toJson } from '../json.ts';
import { Fault, type Faults } from './faults.ts';
import type { Account, Connection } from './model.ts';

/** What a person or a test can do to the simulated Fivetran beside its API. */
export interface Levers {
  faults: Faults;
  /**
   * Makes Fivetran's own schedule start a sync now, unless the connection is paused or not connected.
   *
   * @throws Error when there is no such connection
   */
  comeDue: (connectionId: string) => void;
  /**
   * Changes a connection's update method, as Fivetran has done to existing connections.
   *
   * @throws Error when there is no such connection
   */
  switchMethod: (connectionId: string, method: string) => void;
}

export function createLevers(
  account: Account,
  faults: Faults,
  start: (connection: Connection) => void,
): Levers {
  const find = (id: string): Connection => {
    const connection = account.connections.get(id);
    if (connection === undefined) throw new Error(`The local Fivetran has no connection ${id}.`);
    return connection;
  };
  return {
    faults,
    comeDue: (connectionId) => start(find(connectionId)),
    switchMethod: (connectionId, method) => {
      find(connectionId).config.update_method = method;
    },
  };
}

const Switch = z.strictObject({ method: z.string().check(z.minLength(1)) });

/**
 * The levers over HTTP, for people on `npm run local`: `POST`, `GET` and `DELETE /_local/faults`,
 * `POST /_local/connections/<id>/come-due`, `POST /_local/connections/<id>/switch-method {"method": "QUERY_BASED"}`.
 */
export function answerLocally(request: HttpRequest, levers: Levers): HttpReply {
  const [, what = '', id = '', action = ''] = request.path;
  const refuse = (message: string, status = 400): HttpReply => ({ status, body: { message } });
  try {
    if (what === 'connections' && request.method === 'POST') {
      if (action === 'come-due') levers.comeDue(id);
      else if (action === 'switch-method') {
        const wanted = z.safeParse(Switch, jsonOf(request.body));
        if (!wanted.success) return refuse('The body is {"method": "QUERY_BASED"}.');
        levers.switchMethod(id, wanted.data.method);
      } else return refuse('Known: come-due, switch-method.', 404);
      return { status: 200, body: {} };
    }
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), 404);
  }
  if (what !== 'faults') return refuse('Known: /_local/faults, /_local/connections/<id>/<action>.', 404);
  if (request.method === 'DELETE') levers.faults.clear();
  if (request.method === 'POST') {
    const fault = z.safeParse(Fault, jsonOf(request.body));
    if (!fault.success) return refuseFault(Fault, fault.error);
    levers.faults.set(fault.data);
  }
  return { status: 200, body: toJson(levers.faults.list()) };
}
