import { setTimeout as delay } from 'node:timers/promises';
import {
  DeregisterTargetsCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { Scenario } from '../scenario.ts';

/** What breaks between Fivetran and PostgreSQL. */
export const pathScenarios: Scenario[] = [
  {
    code: 'targets-unhealthy',
    says: 'Evidence',
    breaks: async ({ aws }) => {
      const balancer = aws(ElasticLoadBalancingV2Client);
      const { TargetGroups } = await balancer.send(new DescribeTargetGroupsCommand({}));
      const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
      const health = async () =>
        (await balancer.send(new DescribeTargetHealthCommand({ TargetGroupArn }))).TargetHealthDescriptions ??
        [];
      const Targets = (await health()).flatMap(({ Target }) => Target ?? []);
      await balancer.send(new DeregisterTargetsCommand({ TargetGroupArn, Targets }));
      return async () => {
        await balancer.send(new RegisterTargetsCommand({ TargetGroupArn, Targets }));
        while ((await health()).some(({ TargetHealth }) => TargetHealth?.State !== 'healthy'))
          await delay(200);
      };
    },
  },
  {
    code: 'connection-lost',
    says: 'the database cannot be reached',
    breaks: async ({ stack, whileFivetranReads }) => {
      await whileFivetranReads(() => stack.link.cut());
      return () => undefined;
    },
  },
];
