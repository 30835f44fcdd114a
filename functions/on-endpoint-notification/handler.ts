import { readHints } from '../../shared/contracts/endpoint-notification.ts';
import { setUpEndpointWatch } from '../../shared/endpoint-watch/set-up.ts';
import { createHandler } from '../../shared/handler.ts';
import { onEndpointNotification } from './on-endpoint-notification.ts';

const name = 'on-endpoint-notification';

export const handler = createHandler({
  name,
  parse: readHints,
  setUp: (log) => setUpEndpointWatch(name, log),
  run: onEndpointNotification,
});
