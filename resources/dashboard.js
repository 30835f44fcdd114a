// The path at a glance: is the endpoint connected, do syncs succeed, how stale is the data, how near is the limit. A
// generator, because it shows this stack's services and target groups only, and YAML cannot loop over them.
import { readDeployment } from '../scripts/parameters.ts';
import { pascalCase } from './names.js';

const ownMetrics = '${self:service}-${sls:stage}';

/** @param {import('../scripts/parameters.ts').Source[]} sources */
const pathWidgets = (sources) => {
  const ofService = (/** @type {string} */ metric, /** @type {string} */ stat) =>
    sources.map(({ name, endpointServiceId = `\${EndpointService${pascalCase(name)}}` }) => [
      'AWS/PrivateLinkServices',
      metric,
      'Service Id',
      endpointServiceId,
      { stat, label: `${name}: ${metric}` },
    ]);
  const unhealthy = sources
    .filter(({ endpointServiceId }) => endpointServiceId === undefined)
    .map(({ name }) => [
      'AWS/NetworkELB',
      'UnHealthyHostCount',
      'TargetGroup',
      `\${TargetGroup${pascalCase(name)}.TargetGroupFullName}`,
      'LoadBalancer',
      `\${LoadBalancer${pascalCase(name)}.LoadBalancerFullName}`,
      { stat: 'Maximum', label: `${name}: UnHealthyHostCount` },
    ]);
  return [
    {
      at: [0, 0, 12],
      title: 'PrivateLink: new and open connections',
      period: 300,
      metrics: [
        ...ofService('NewConnections', 'Sum'),
        ...ofService('ActiveConnections', 'Average'),
        ...ofService('EndpointsCount', 'Maximum'),
      ],
    },
    {
      at: [12, 0, 12],
      title: 'Load balancer: resets and unhealthy targets',
      period: 60,
      metrics: [...ofService('RstPacketsSent', 'Sum'), ...unhealthy],
    },
  ];
};

const otherWidgets = [
  {
    at: [0, 6, 8],
    title: 'run-sync: outcome',
    period: 3600,
    stat: 'Sum',
    stacked: true,
    metrics: [
      ['AWS/States', 'ExecutionsSucceeded', 'StateMachineArn', '${RunSyncMachine}', { color: '#2ca02c' }],
      ['.', 'ExecutionsFailed', '.', '.', { color: '#d62728' }],
      ['.', 'ExecutionsTimedOut', '.', '.', { color: '#ff7f0e' }],
    ],
  },
  {
    at: [8, 6, 8],
    title: 'run-sync: duration',
    period: 3600,
    metrics: [
      ['AWS/States', 'ExecutionTime', 'StateMachineArn', '${RunSyncMachine}', { stat: 'p50' }],
      ['...', { stat: 'p95' }],
    ],
  },
  {
    at: [16, 6, 8],
    title: 'accept-endpoint: outcome',
    period: 3600,
    stat: 'Sum',
    stacked: true,
    metrics: [
      [
        'AWS/States',
        'ExecutionsSucceeded',
        'StateMachineArn',
        '${AcceptEndpointMachine}',
        { color: '#2ca02c' },
      ],
      ['.', 'ExecutionsFailed', '.', '.', { color: '#d62728' }],
    ],
  },
  {
    at: [0, 12, 8],
    title: 'Oldest data of any connection, in seconds',
    period: 300,
    stat: 'Maximum',
    metrics: [[ownMetrics, 'StalestSeconds', 'service', 'reconcile-syncs']],
  },
  {
    at: [8, 12, 8],
    title: 'Teleport headroom used, in percent of the limit',
    period: 300,
    stat: 'Maximum',
    metrics: [[ownMetrics, 'HeadroomUsedPercent', 'service', 'check-source']],
  },
  {
    at: [16, 12, 8],
    title: 'Waiting for a person',
    period: 300,
    stat: 'Maximum',
    metrics: [
      ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', '${UndeliveredEvents.QueueName}'],
      ['...', '${FailedInvocations.QueueName}'],
    ],
  },
];

/** @param {{ options: { stage?: string, region?: string } }} framework */
function dashboard({ options }) {
  const { sources } = readDeployment({
    stage: options.stage ?? 'dev',
    region: options.region ?? 'us-east-1',
  });
  const widgets = [...pathWidgets(sources), ...otherWidgets].map(({ at: [x, y, width], ...properties }) => ({
    type: 'metric',
    x,
    y,
    width,
    height: 6,
    properties: { region: '${AWS::Region}', view: 'timeSeries', ...properties },
  }));
  return {
    Resources: {
      Dashboard: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: {
          DashboardName: ownMetrics,
          DashboardBody: { 'Fn::Sub': JSON.stringify({ widgets }) },
        },
      },
    },
    Outputs: {
      DashboardUrl: {
        Description: 'The path at a glance.',
        Value: {
          'Fn::Sub':
            'https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards:name=${Dashboard}',
        },
      },
    },
  };
}

// The framework loads JavaScript files with require, which sees an ES module through this name.
export { dashboard as 'module.exports' };
