import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMetrics } from '../../shared/metrics.ts';
import { startOnCall } from '../support/on-call.ts';
import {
  broken,
  functionsOf,
  list,
  packaged,
  referencesOf,
  resourcesOf,
  statementsIn,
  type Resource,
  type Statement,
  type Template,
} from './template.ts';

// The way by which people hear that Slack hears nothing: what notify counts, the alarm on it, its topic, the mail.

/** A figure as CloudWatch reads it from a log line: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
interface Emitted {
  namespace: string;
  metric: string;
  value: unknown;
  dimensions: Record<string, unknown>;
}

function readEmitted(line: string): Emitted[] {
  const entry = JSON.parse(line) as Record<string, unknown> & {
    _aws: {
      CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
    };
  };
  return entry._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.map(({ Name }) => ({
      namespace: Namespace,
      metric: Name,
      value: entry[Name],
      dimensions: Object.fromEntries(Dimensions.flat().map((name) => [name, entry[name]])),
    })),
  );
}

/** What notify counts with its packaged environment when Slack has refused an alert for ten minutes. */
async function countedInAnOutage(): Promise<Emitted[]> {
  const notify = functionsOf(packaged).find(({ folder }) => folder === 'notify');
  const { Variables } = notify?.properties.Environment as { Variables: Record<string, unknown> };
  for (const name of ['POWERTOOLS_METRICS_NAMESPACE', 'POWERTOOLS_SERVICE_NAME']) {
    if (typeof Variables[name] === 'string') vi.stubEnv(name, Variables[name]);
  }
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  const onCall = await startOnCall();
  const metrics = createMetrics('notify');
  onCall.slack.faults.add({ kind: 'error', error: 'token_revoked' });
  await onCall.send({});
  onCall.clock.advance(600);
  await onCall.invoke({ tick: true }, { metrics });
  await onCall.stop();
  vi.restoreAllMocks();
  return lines.filter((line) => line.startsWith('{"_aws"')).flatMap(readEmitted);
}

let emitted: Emitted[];
beforeAll(async () => {
  emitted = await countedInAnOutage();
});
afterAll(() => vi.unstubAllEnvs());

const allowed = (statements: readonly Statement[], service: string, action: string): boolean =>
  statements.some(
    ({ Effect, Action, ...rest }) =>
      Effect === 'Allow' &&
      JSON.stringify(rest).includes(`"Service":"${service}"`) &&
      Action.some((name) => name === action || (name.endsWith('*') && action.startsWith(name.slice(0, -1)))),
  );

/** The links of the way from a figure that is bad to somebody's mail that are missing. */
function gaps(template: Template, figures: readonly Emitted[]): string[] {
  const [figure] = figures.filter(({ metric }) => metric === 'UndeliveredAlerts');
  if (figure === undefined) return ['notify does not count what is undelivered'];
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').filter(([, { Properties }]) => {
    const dimensions = list(Properties.Dimensions) as { Name: string; Value: unknown }[];
    return (
      Properties.Namespace === figure.namespace &&
      Properties.MetricName === figure.metric &&
      JSON.stringify(Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value]))) ===
        JSON.stringify(figure.dimensions)
    );
  });
  const [alarm] = alarms;
  if (alarm === undefined) return ['no alarm looks at what notify counts'];
  const { Properties: settings } = alarm[1];
  return [
    ...(isBad(settings, Number(figure.value)) ? [] : [`${alarm[0]} does not go off`]),
    ...(settings.TreatMissingData === 'breaching' ? [] : [`${alarm[0]} is silent when notify does not run`]),
    ...(referencesOf(settings.AlarmActions).length === 0 ? [`${alarm[0]} tells nobody`] : []),
    ...referencesOf(settings.AlarmActions).flatMap((topic) => gapsOfTopic(template, topic)),
  ];
}

const isBad = ({ ComparisonOperator, Threshold, ActionsEnabled }: Resource['Properties'], value: number) =>
  ComparisonOperator === 'GreaterThanOrEqualToThreshold' &&
  value >= Number(Threshold) &&
  ActionsEnabled !== false;

function gapsOfTopic(template: Template, topic: string): string[] {
  const policies = resourcesOf(template, 'AWS::SNS::TopicPolicy')
    .filter(([, { Properties }]) => referencesOf(Properties.Topics).includes(topic))
    .flatMap(([, { Properties }]) => statementsIn(Properties.PolicyDocument));
  const keys = referencesOf(template.Resources[topic]?.Properties.KmsMasterKeyId).filter(
    (id) => template.Resources[id]?.Type === 'AWS::KMS::Key',
  );
  const mails = resourcesOf(template, 'AWS::SNS::Subscription').filter(
    ([, { Properties }]) =>
      Properties.Protocol === 'email' && referencesOf(Properties.TopicArn).includes(topic),
  );
  const [mail] = mails;
  return [
    ...(allowed(policies, 'cloudwatch.amazonaws.com', 'sns:Publish')
      ? []
      : [`CloudWatch may not publish to ${topic}`]),
    ...keys
      .filter((key) => {
        const statements = statementsIn(template.Resources[key]?.Properties.KeyPolicy);
        return !['kms:Decrypt', 'kms:GenerateDataKey'].every((action) =>
          allowed(statements, 'cloudwatch.amazonaws.com', action),
        );
      })
      .map((key) => `CloudWatch may not use ${key}, with which ${topic} is encrypted`),
    ...(mail === undefined ? [`nobody gets mail from ${topic}`] : []),
    ...mails
      .filter(([, { Properties }]) => referencesOf(Properties.Endpoint)[0] !== 'AlarmEmail')
      .map(([id]) => `${id} does not go to the address of the deployment`),
  ];
}

describe('what Slack cannot be told reaches people by mail', () => {
  it('from the figure that notify counts to the address that the deployment gives', () => {
    expect(emitted).toContainEqual({
      namespace: 'fivetran-privatelink-dev',
      metric: 'UndeliveredAlerts',
      value: 1,
      dimensions: { service: 'notify' },
    });
    expect(gaps(packaged, emitted)).toEqual([]);
    expect(packaged.Parameters.AlarmEmail).toBeDefined();
  });

  it.each<[string, (resources: Record<string, Resource>) => unknown, string[]]>([
    [
      'an alarm on another metric',
      (resources) => (resources.AlertsUndelivered!.Properties.MetricName = 'Undelivered'),
      ['no alarm looks at what notify counts'],
    ],
    [
      'an alarm on another dimension',
      (resources) =>
        (resources.AlertsUndelivered!.Properties.Dimensions = [{ Name: 'FunctionName', Value: 'notify' }]),
      ['no alarm looks at what notify counts'],
    ],
    [
      'an alarm that goes off later',
      (resources) => (resources.AlertsUndelivered!.Properties.Threshold = 2),
      ['AlertsUndelivered does not go off'],
    ],
    [
      'an alarm that is silent when notify does not run',
      (resources) => delete resources.AlertsUndelivered!.Properties.TreatMissingData,
      ['AlertsUndelivered is silent when notify does not run'],
    ],
    [
      'an alarm without an action',
      (resources) => delete resources.AlertsUndelivered!.Properties.AlarmActions,
      ['AlertsUndelivered tells nobody'],
    ],
    [
      'a topic that CloudWatch may not publish to',
      (resources) => delete resources.AlarmsPolicy,
      ['CloudWatch may not publish to Alarms'],
    ],
    [
      'a key that CloudWatch may not use',
      ({ Key }) => {
        const policy = Key!.Properties.KeyPolicy as { Statement: { Sid: string }[] };
        policy.Statement = policy.Statement.filter(({ Sid }) => Sid !== 'AlarmsPublish');
      },
      ['CloudWatch may not use Key, with which Alarms is encrypted'],
    ],
    ['a topic without mail', (resources) => delete resources.AlarmMail, ['nobody gets mail from Alarms']],
  ])('is told of %s', (_, change, told) => {
    expect(gaps(broken(change), emitted)).toEqual(told);
  });
});

it('every alarm tells the same people', () => {
  const silent = resourcesOf(packaged, 'AWS::CloudWatch::Alarm').filter(
    ([, { Properties }]) => !referencesOf(Properties.AlarmActions).includes('Alarms'),
  );
  expect(silent.map(([id]) => id)).toEqual([]);
});
