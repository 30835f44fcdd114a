import { DescribeVpcEndpointServicePermissionsCommand } from '@aws-sdk/client-ec2';
import {
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import pg from 'pg';
import { expect } from '../expectation.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';
import { tables } from './tables.ts';

const firstActors = [
  'Penelope Guiness',
  'Nick Wahlberg',
  'Ed Chase',
  'Jennifer Davis',
  'Johnny Lollobrigida',
];

export const source: Scenario<Stage> = {
  title: 'A private PostgreSQL stands behind its load balancer',
  steps: [
    {
      title: 'The source answers over verified TLS',
      expectation:
        'PostgreSQL 15 holds the 15 tables of the DVD rental, and its first actor is Penelope Guiness.',
      run: async ({ database }) => {
        const found = await database.query<{ name: string }>(
          `SELECT table_name AS name FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
        );
        const names = found.rows.map(({ name }) => name);
        expect(names.join() === tables.join(), `the tables ${tables.join(', ')}`, names.join(', '));
        const actors = await database.query<{ name: string }>(
          `SELECT first_name || ' ' || last_name AS name FROM actor ORDER BY actor_id LIMIT 5`,
        );
        const actorNames = actors.rows.map(({ name }) => name).join(', ');
        expect(actorNames === firstActors.join(', '), `the actors ${firstActors.join(', ')}`, actorNames);
        const { rows } = await database.query<{ version: string; tls: string }>(
          `SELECT current_setting('server_version') AS version, version AS tls
             FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl`,
        );
        return `PostgreSQL ${rows[0]?.version ?? ''} over ${rows[0]?.tls ?? 'no TLS'}: ${names.length} tables; ${actorNames}.`;
      },
    },
    {
      title: 'It refuses clear text',
      expectation: 'A client that does not ask for TLS is turned away.',
      run: async ({ stack }) => {
        const client = new pg.Client({ connectionString: stack.info.postgres.admin, ssl: false });
        client.on('error', () => undefined);
        const answer = await client.connect().then(
          () => 'the connection was accepted',
          (error: unknown) => String(error),
        );
        await client.end().catch(() => undefined);
        expect(/no pg_hba\.conf entry|no encryption/.test(answer), 'a refusal', answer);
        return answer;
      },
    },
    {
      title: 'The load balancer reaches it',
      expectation: 'Its target is registered and passes real TCP health checks.',
      run: ({ elbv2, eventually }) =>
        eventually('a healthy target', 15_000, async () => {
          const { TargetGroups = [] } = await elbv2.send(new DescribeTargetGroupsCommand({}));
          const { TargetHealthDescriptions: targets = [] } = await elbv2.send(
            new DescribeTargetHealthCommand({ TargetGroupArn: TargetGroups[0]?.TargetGroupArn }),
          );
          const seen = targets
            .map(
              ({ Target, TargetHealth }) =>
                `${Target?.Id ?? ''}:${Target?.Port ?? ''} ${TargetHealth?.State ?? ''}`,
            )
            .join(', ');
          return targets.some(({ TargetHealth }) => TargetHealth?.State === 'healthy')
            ? { met: true, value: `${seen}.` }
            : { met: false, seen: seen || 'no target' };
        }),
    },
    {
      title: 'Only Fivetran may ask to connect',
      expectation:
        'The endpoint service requires acceptance and admits the principal of account 834469178297 alone.',
      run: async ({ ec2, stack }) => {
        const { serviceId, serviceName } = stack.info.endpointService;
        const { AllowedPrincipals = [] } = await ec2.send(
          new DescribeVpcEndpointServicePermissionsCommand({ ServiceId: serviceId }),
        );
        const principals = AllowedPrincipals.map(({ Principal }) => Principal ?? '').join(', ');
        expect(
          principals === 'arn:aws:iam::834469178297:root',
          'Fivetran’s principal alone',
          principals || 'nobody',
        );
        return `${serviceName} admits ${principals}.`;
      },
    },
  ],
};
