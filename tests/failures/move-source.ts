import { setTimeout as delay } from 'node:timers/promises';
import { AuthorizeSecurityGroupEgressCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { LocalPostgres } from '../../local/postgres/postgres.ts';
import type { FailureStage } from './failure-stage.ts';
import { changeSourceSecret } from './source-secret.ts';

/** The targets of the source's load balancer. */
export interface SourceTargets {
  registered: () => Promise<TargetDescription[]>;
  register: (targets: TargetDescription[]) => Promise<void>;
  deregister: (targets: TargetDescription[]) => Promise<void>;
}

export async function sourceTargets({ aws }: FailureStage): Promise<SourceTargets> {
  const balancer = aws(ElasticLoadBalancingV2Client);
  const { TargetGroups } = await balancer.send(new DescribeTargetGroupsCommand({}));
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
  const health = async () =>
    (await balancer.send(new DescribeTargetHealthCommand({ TargetGroupArn }))).TargetHealthDescriptions ?? [];
  return {
    registered: async () => (await health()).flatMap(({ Target }) => Target ?? []),
    async register(Targets) {
      await balancer.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
      const isNew = (target?: TargetDescription): boolean =>
        Targets.some(({ Id, Port }) => Id === target?.Id && Port === target?.Port);
      while ((await health()).some((one) => isNew(one.Target) && one.TargetHealth?.State !== 'healthy')) {
        await delay(200);
      }
    },
    async deregister(Targets) {
      await balancer.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
    },
  };
}

/** Lets the load balancer reach a port, where it may not yet. */
async function letOut({ aws, stack }: FailureStage, port: number): Promise<void> {
  const ec2 = aws(EC2Client);
  for (const { ref } of stack.provisioned.resources.values()) {
    if (!ref.startsWith('sg-') || stack.ec2.permits([ref], 'outbound', '127.0.0.1', port)) continue;
    const IpRanges = [{ CidrIp: '127.0.0.0/8' }];
    const IpPermissions = [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges }];
    await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: ref, IpPermissions }));
  }
}

/**
 * Does what people do when the source becomes another server: its target takes the old one's place, its port and
 * authority go into the secret, and its certificate is accepted in Fivetran.
 */
export async function moveSource(stage: FailureStage, to: LocalPostgres): Promise<void> {
  await letOut(stage, to.port);
  const targets = await sourceTargets(stage);
  const wanted = { Id: to.host, Port: to.port };
  const others = (await targets.registered()).filter(({ Port }) => Port !== to.port);
  await targets.register([wanted]);
  await targets.deregister(others);

  await changeSourceSecret(stage, { port: to.port, ca: to.caPem });
  const { password } = to.users.fivetran;
  await stage.fivetran('PATCH', `/v1/connections/${stage.connectionId}`, {
    config: { password },
    trust_certificates: true,
  });
}
