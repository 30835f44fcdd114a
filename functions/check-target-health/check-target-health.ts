import type { LoadBalancers } from '../../shared/clients/load-balancer/load-balancer.ts';
import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { CheckResult } from '../../shared/contracts/finding.ts';
import { summarize } from '../../shared/rules/findings.ts';
import { judgeTargets } from '../../shared/rules/target-health.ts';

/** Whether the load balancers behind an endpoint service lead to the database. */
export async function checkTargetHealth(
  { serviceId }: { serviceId: string },
  { privateLink, loadBalancers }: { privateLink: PrivateLink; loadBalancers: LoadBalancers },
): Promise<CheckResult> {
  const service = await privateLink.service(serviceId);
  if (service === undefined) {
    return summarize([
      {
        check: 'targets.service',
        status: 'blocking',
        summary: `This account and Region have no endpoint service ${serviceId}.`,
        remedy: "Deploy the endpoint service again and give Fivetran's private link its new name.",
      },
    ]);
  }
  return summarize(judgeTargets(await loadBalancers.describe(service.loadBalancerArns)));
}
