import {
  DescribeVpcEndpointConnectionsCommand,
  EC2Client,
  RejectVpcEndpointConnectionsCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shown, startFailureStage, type FailureStage } from './failure-stage.ts';
import type { Mend } from './scenario.ts';
import { scenarios } from './scenarios.ts';

// Each failure is brought about for real: in PostgreSQL, at the load balancer, in Fivetran, at the destination, in a
// secret, by time that passes. Each is mended, and its message taken back.

let stage: FailureStage;
beforeAll(async () => {
  stage = await startFailureStage();
});
afterAll(() => stage.stop());

const leadsTo =
  (entry: string) =>
  (message: Parameters<typeof shown>[0]): boolean =>
    /^[🔴🟠]/u.test(message.text) && shown(message).includes(`docs/runbook.md#${entry}`);

/** To be done when it is time, and at the latest at the end. */
function once(mend: Mend): () => Promise<unknown> {
  let done: Promise<unknown> | undefined;
  return () => (done ??= Promise.resolve(mend()));
}

const begins = {
  'a sync that Fivetran runs': () => stage.stack.fivetran.comeDue(stage.connectionId),
  // It ends as succeeded where only the proof of a successful sync failed.
  'run-sync': () => stage.run('run-sync', { connectionId: stage.connectionId }),
};

test.each(
  scenarios
    .filter(({ notHere }) => notHere === undefined)
    .map((scenario) => ({ ...scenario, fails: scenario.in ?? ('a sync that Fivetran runs' as const) })),
)(
  '$code is named as the cause of the failure of $fails, and the message is taken back',
  async ({ code, namedAs, says, fails, breaks }) => {
    const mend = once(await breaks(stage));
    try {
      const entry = namedAs ?? (code === 'unknown' ? 'sync-failed' : code);
      const alert = await stage.alertAfter(begins[fails], leadsTo(entry));
      expect(shown(alert)).toContain(says);
      expect(shown(alert)).not.toContain(stage.stack.postgres.users.fivetran.password);
      await mend();
      await stage.recover(alert);
    } finally {
      await mend();
    }
  },
);

test.skip.each(scenarios.filter(({ notHere }) => notHere !== undefined))(
  '$code cannot be produced on this system: $notHere',
  () => undefined,
);

test('a table that was rewritten is foreseen as trouble while syncs succeed, and taken back when it is over', async () => {
  const { connectionId } = stage;
  await stage.sql('VACUUM FULL film');
  const warning = await stage.alertAfter(
    () => stage.run('run-sync', { connectionId }),
    leadsTo('source-trouble-ahead'),
  );
  expect(warning.text).toMatch(/^🟠/u);
  expect(shown(warning)).toContain('film');
  await stage.recover(warning);
});

test('rows that a sync has carried are no trouble ahead', async () => {
  await stage.sql(`UPDATE rental SET return_date = return_date + interval '1 minute'`);
  const alert = await stage.alertAfter(begins['a sync that Fivetran runs'], leadsTo('teleport-limit'));
  await stage.stack.idle();
  begins['a sync that Fivetran runs']();
  await expect.poll(() => alert.text, { timeout: 60_000 }).toMatch(/^✅/u);
  await stage.stack.idle();
  const later = stage.stack.slack.messages().filter(({ ts }) => Number(ts) > Number(alert.ts));
  expect(later.map(({ text }) => text).filter((text) => text.startsWith('🟠'))).toEqual([]);
});

test('an id that Fivetran does not know is told with a remedy of its own', async () => {
  const alert = await stage.alertAfter(
    () => stage.run('run-sync', { connectionId: 'no_such_one' }),
    leadsTo('connection-gone'),
  );
  expect(shown(alert)).toContain('Setup tab');
});

test('an input of the wrong form is told with what it must be', async () => {
  const input = {
    source: 'postgres',
    groupId: stage.stack.fivetran.groupId,
    schemaPrefix: 'dvd',
    syncFrequency: 'daily',
  };
  const alert = await stage.alertAfter(() => stage.run('connect-source', input), leadsTo('input-wrong'));
  expect(shown(alert)).toContain('syncFrequency');
});

test('an endpoint that is no longer connected is named as the cause', async () => {
  const ec2 = stage.aws(EC2Client);
  const ServiceId = stage.stack.info.endpointService.serviceId;
  const { VpcEndpointConnections } = await ec2.send(new DescribeVpcEndpointConnectionsCommand({}));
  const VpcEndpointIds = (VpcEndpointConnections ?? []).flatMap(({ VpcEndpointId }) => VpcEndpointId ?? []);
  await ec2.send(new RejectVpcEndpointConnectionsCommand({ ServiceId, VpcEndpointIds }));
  const alert = await stage.alertAfter(begins['a sync that Fivetran runs'], leadsTo('endpoint-lost'));
  expect(shown(alert)).toContain(VpcEndpointIds[0]);
});
