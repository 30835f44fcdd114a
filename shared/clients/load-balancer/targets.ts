import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Target } from '../../contracts/target-health.ts';
import { NotFoundError } from '../../errors.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';
import { toTarget } from './load-balancer.ts';

/** One target group of IP addresses, to be kept equal to a host's addresses. */
export interface Targets {
  /** @throws NotFoundError when there is no such target group */
  read(arn: string): Promise<{ port: number; targets: Target[] }>;
  /** Registering what is registered already changes nothing. `zone` is `all` for an address outside the VPC. */
  register(arn: string, targets: readonly { address: string; port: number; zone?: 'all' }[]): Promise<void>;
  deregister(arn: string, targets: readonly { address: string; port: number }[]): Promise<void>;
}

export function createTargets(): Targets {
  const client = new ElasticLoadBalancingV2Client(awsClientSettings);
  return {
    async read(arn) {
      try {
        const [groups, health] = await Promise.all([
          callAws('elasticloadbalancing:DescribeTargetGroups', () =>
            client.send(new DescribeTargetGroupsCommand({ TargetGroupArns: [arn] })),
          ),
          callAws('elasticloadbalancing:DescribeTargetHealth', () =>
            client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
          ),
        ]);
        return {
          port: groups.TargetGroups?.[0]?.Port ?? 0,
          targets: (health.TargetHealthDescriptions ?? []).map(toTarget),
        };
      } catch (error) {
        if (awsErrorName(error).startsWith('TargetGroupNotFound')) {
          throw new NotFoundError(`There is no target group ${arn}: deploy the stack again.`, {
            cause: error,
          });
        }
        throw error;
      }
    },
    async register(arn, targets) {
      await callAws('elasticloadbalancing:RegisterTargets', () =>
        client.send(
          new RegisterTargetsCommand({
            TargetGroupArn: arn,
            Targets: targets.map(({ address, port, zone }) => ({
              Id: address,
              Port: port,
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
