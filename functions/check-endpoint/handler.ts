import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { systemClock as clock } from '../../shared/clock.ts';
import { loadConfig } from '../../shared/config.ts';
import { CheckEndpointInput } from '../../shared/contracts/endpoint-decision.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { checkEndpoint } from './check-endpoint.ts';

export const handler = createHandler({
  name: 'check-endpoint',
  parse: (event) => parse(CheckEndpointInput, event, 'The input of check-endpoint'),
  setUp: () => ({ privateLink: createPrivateLink(loadConfig(['region'])), clock }),
  run: checkEndpoint,
});
