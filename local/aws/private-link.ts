import type { Clock } from '../../shared/clock.ts';
import { createEc2, type Ec2 } from './ec2/ec2.ts';
import { createNetwork } from './ec2/network.ts';
import type { Publish } from './ec2/state.ts';
import { createElbv2, type Elbv2 } from './elbv2/elbv2.ts';

interface PrivateLinkOptions {
  accountId: string;
  region: string;
  /** Factor on AWS's delays and on health check intervals: 1 is real time, 0.01 a hundred times faster. */
  scale: number;
  publish: Publish;
  clock?: Clock;
}

/** EC2 and load balancing in one network, each knowing of the other what it has to. */
export function createPrivateLink(options: PrivateLinkOptions): { ec2: Ec2; elbv2: Elbv2 } {
  const network = createNetwork(options.region);
  const elbv2 = createElbv2({
    ...options,
    network,
    mayReach: (groupIds, address, port) =>
      groupIds.length === 0 || ec2.permits(groupIds, 'outbound', address, port),
  });
  const ec2 = createEc2({ ...options, network, zonesOf: (arn) => elbv2.zonesOf(arn) });
  return { ec2, elbv2 };
}
