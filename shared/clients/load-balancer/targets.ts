import {
  DeregisterTargetsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Target } from '../../contracts/target-health.ts';
import { NotFoundError } from '../../errors.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';
import { toTarget } from './load-balancer.ts';

/** Target groups of IP addresses, to be kept equal to the addresses of a host. */
export interface Targets {
  /** @throws NotFoundError when there is no such target group */
  read(arn: string): Promise<Target[]>;
  /**
   * Registers addresses on the group's own port; what is registered already stays as it is. `zone` is `all` for an
   * address outside the VPC.
   */
  register(arn: string, targets: readonly { address: string; zone?: 'all' }[]): Promise<void>;
  deregister(arn: string, targets: readonly { address: string; port: number }[]): Promise<void>;
}

export function createTargets(): Targets {
  const client = new ElasticLoadBalancingV2Client(awsClientSettings);

  return {
    async read(arn) {
      try {
        const { TargetHealthDescriptions } = await callAws('elasticloadbalancing:DescribeTargetHealth', () =>
          client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
        );
        return (TargetHealthDescriptions ?? []).map(toTarget);
      } catch (error) {
        if (awsErrorName(error).startsWith('TargetGroupNotFound')) {
          throw new NotFoundError(
            `There is no target group ${arn}: correct targetGroupArn in the deployment's parameters if it is your own, and deploy the stack again.`,
            { cause: error },
          );
        }
        throw error;
      }
    },
    async register(arn, targets) {
      await callAws('elasticloadbalancing:RegisterTargets', () =>
        client.send(
          new RegisterTargetsCommand({
            TargetGroupArn: arn,
            Targets: targets.map(({ address, zone }) => ({
              Id: address,
              ...(zone === undefined ? {} : { AvailabilityZone: zone }),
            })),
          }),
        ),
      );
    },
    async deregister(arn, targets) {
      await callAws('elasticloadbalancing:DeregisterTargets', () =>
        client.send(
          new DeregisterTargetsCommand({
            TargetGroupArn: arn,
            Targets: targets.map(({ address, port }) => ({ Id: address, Port: port })),
          }),
        ),
      );
    },
  };
}
