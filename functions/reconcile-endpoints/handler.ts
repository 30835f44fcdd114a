import { setUpEndpointWatch } from '../../shared/endpoint-watch/set-up.ts';
import { createHandler } from '../../shared/handler.ts';
import { reconcileEndpoints } from './reconcile-endpoints.ts';

const name = 'reconcile-endpoints';

export const handler = createHandler({
  name,
  // A schedule, or anybody, asks: there is nothing to be told.
  parse: () => undefined,
  setUp: (log) => setUpEndpointWatch(name, log),
  run: (_, dependencies) => reconcileEndpoints(dependencies),
});
