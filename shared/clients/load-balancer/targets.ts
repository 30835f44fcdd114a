import {
  DeregisterTargetsCommand,
  DescribeTagsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { isLeftTo, sourceTagKey, stackTagKey } from '../../contracts/endpoint.ts';
import type { Target } from '../../contracts/target-health.ts';
import { NotFoundError } from '../../errors.ts';
import { awsClientSettings, awsErrorName, callAws } from '../aws.ts';
import { toTarget } from './load-balancer.ts';

/** A target group that follows the addresses of a source's host. */
export interface FollowingGroup {
  arn: string;
  port: number;
  source: string;
}

/** Target groups of IP addresses, to be kept equal to the addresses of a host. */
export interface Targets {
  /**
   * The target groups of IP addresses that name their source in the tag `fivetran-privatelink-source`, but for those
   * of another stack.
   */
  groups(stackName: string): Promise<FollowingGroup[]>;
  /** @throws NotFoundError when there is no such target group */
  read(arn: string): Promise<Target[]>;
  /** Registering what is registered already changes nothing. `zone` is `all` for an address outside the VPC. */
  register(arn: string, targets: readonly { address: string; port: number; zone?: 'all' }[]): Promise<void>;
  deregister(arn: string, targets: readonly { address: string; port: number }[]): Promise<void>;
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html */
const tagsPerRequest = 20;

export function createTargets(): Targets {
  const client = new ElasticLoadBalancingV2Client(awsClientSettings);

  async function ipGroups(): Promise<{ arn: string; port: number }[]> {
    const groups: { arn: string; port: number }[] = [];
    let marker: string | undefined;
    do {
      const page = await callAws('elasticloadbalancing:DescribeTargetGroups', () =>
        client.send(new DescribeTargetGroupsCommand(marker === undefined ? {} : { Marker: marker })),
      );
      for (const { TargetGroupArn: arn = '', Port: port = 0, TargetType } of page.TargetGroups ?? []) {
        if (TargetType === 'ip') groups.push({ arn, port });
      }
      marker = page.NextMarker === '' ? undefined : page.NextMarker;
    } while (marker !== undefined);
    return groups;
  }

  return {
    async groups(stackName) {
      const all = await ipGroups();
      const following: FollowingGroup[] = [];
      for (let start = 0; start < all.length; start += tagsPerRequest) {
        const batch = all.slice(start, start + tagsPerRequest);
        const { TagDescriptions } = await callAws('elasticloadbalancing:DescribeTags', () =>
          client.send(new DescribeTagsCommand({ ResourceArns: batch.map(({ arn }) => arn) })),
        );
        const tags = new Map(
          (TagDescriptions ?? []).map(({ ResourceArn, Tags = [] }) => [
            ResourceArn,
            new Map(Tags.map(({ Key, Value }) => [Key, Value])),
          ]),
        );
        for (const group of batch) {
          const own = tags.get(group.arn);
          const source = own?.get(sourceTagKey) ?? '';
          if (source !== '' && isLeftTo(stackName, own?.get(stackTagKey))) {
            following.push({ ...group, source });
          }
        }
      }
      return following;
    },
    async read(arn) {
      try {
        const { TargetHealthDescriptions } = await callAws('elasticloadbalancing:DescribeTargetHealth', () =>
          client.send(new DescribeTargetHealthCommand({ TargetGroupArn: arn })),
        );
        return (TargetHealthDescriptions ?? []).map(toTarget);
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
