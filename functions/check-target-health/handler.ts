import { createLoadBalancers } from '../../shared/clients/load-balancer/load-balancer.ts';
import { createPrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import { loadConfig } from '../../shared/config.ts';
import { CheckTargetHealthInput } from '../../shared/contracts/endpoint-decision.ts';
import { parse } from '../../shared/contracts/parse.ts';
import { createHandler } from '../../shared/handler.ts';
import { checkTargetHealth } from './check-target-health.ts';

export const handler = createHandler({
  name: 'check-target-health',
  parse: (event) => parse(CheckTargetHealthInput, event, 'The input of check-target-health'),
  setUp: () => ({
    privateLink: createPrivateLink(loadConfig(['region'])),
    loadBalancers: createLoadBalancers(),
  }),
  run: checkTargetHealth,
});
