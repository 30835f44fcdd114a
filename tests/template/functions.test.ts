import { describe, expect, it } from 'vitest';
import { settings } from '../../shared/config.ts';
import {
  broken,
  bundleOf,
  functionsOf,
  packaged,
  referencesOf,
  resourcesOf,
  roleOf,
  statementsOf,
  type LambdaFunction,
  type Template,
} from './template.ts';

/** What a function must have around it, and has not. */
function lacking(template: Template): string[] {
  return functionsOf(template).flatMap(({ folder, logicalId, properties }) => {
    const lacks: string[] = [];
    if (typeof properties.Timeout !== 'number') lacks.push(`${folder}: no timeout of its own`);
    const group = resourcesOf(template, 'AWS::Logs::LogGroup').find(
      ([, { Properties }]) => Properties.LogGroupName === `/aws/lambda/${String(properties.FunctionName)}`,
    );
    if (typeof group?.[1].Properties.RetentionInDays !== 'number') {
      lacks.push(`${folder}: its log is kept for ever`);
    }
    for (const metric of ['Errors', 'Throttles']) {
      const alarmed = resourcesOf(template, 'AWS::CloudWatch::Alarm').some(
        ([, { Properties }]) =>
          Properties.MetricName === metric && referencesOf(Properties.Dimensions).includes(logicalId),
      );
      if (!alarmed) lacks.push(`${folder}: no alarm on its ${metric}`);
    }
    return lacks;
  });
}

/** Variables that a function is given and that its handler does not read. */
function unreadVariables(template: Template): string[] {
  return functionsOf(template).flatMap(({ folder, properties }) => {
    const { Variables } = properties.Environment as { Variables: Record<string, unknown> };
    const read = readBy(folder);
    return Object.keys(Variables)
      .filter((variable) => !/^(POWERTOOLS_.*|NODE_OPTIONS)$/.test(variable) && !read.has(variable))
      .map((variable) => `${folder}: ${variable}`);
  });
}

/** Variables whose settings the function's handler names; the table of all settings is in every bundle. */
function readBy(folder: string): Set<string> {
  const calls = [...bundleOf(folder).matchAll(/\(\[((?:"\w+",?)+)\]/g)].flatMap(([, names]) =>
    [...(names ?? '').matchAll(/"(\w+)"/g)].map(([, name]) => name ?? ''),
  );
  const variables = calls.flatMap((name) =>
    name in settings ? settings[name as keyof typeof settings].variable : [],
  );
  if (variables.length === 0) throw new Error(`No settings were found in the bundle of ${folder}.`);
  return new Set(variables);
}

/** Functions that log in to the database and could be reached from, or reach, the internet; and the reverse. */
function wrongNetwork(template: Template): string[] {
  const isInVpc = ({ properties }: LambdaFunction): boolean => properties.VpcConfig !== undefined;
  // The text of the protocol's first message, which only a PostgreSQL client holds.
  const logsIn = ({ folder }: LambdaFunction): boolean => bundleOf(folder).includes('SCRAM-SHA-256');
  return functionsOf(template).flatMap((part) => {
    if (logsIn(part) && !isInVpc(part))
      return [`${part.folder} logs in to the database from outside the VPC`];
    const needsVpc = logsIn(part) || /["'](node:)?dns(\/promises)?["']/.test(bundleOf(part.folder));
    return isInVpc(part) && !needsVpc ? [`${part.folder} is in the VPC and reaches nothing there`] : [];
  });
}

/** AWS services that a function in the VPC asks and that the stack makes no endpoint for; without NAT it is cut off. */
function unreachable(template: Template): string[] {
  const endpoints = resourcesOf(template, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) =>
    JSON.stringify(Properties.ServiceName),
  );
  // Lambda itself needs these, from outside the VPC.
  const ofLambda = ['logs', 'xray', 'kms', 'sqs', 'ec2'];
  return functionsOf(template)
    .filter(({ properties }) => properties.VpcConfig !== undefined)
    .flatMap(({ folder, properties }) =>
      statementsOf(template, roleOf(properties))
        .flatMap(({ Action }) => Action.map((action) => action.split(':')[0] ?? ''))
        .filter((service) => !ofLambda.includes(service))
        .filter((service) => !endpoints.some((name) => name.includes(`.${service}"`)))
        .map((service) => `${folder} cannot reach ${service}`),
    );
}

describe('every function', () => {
  it('has a timeout, a log that is not kept for ever, and alarms', () => {
    expect(functionsOf(packaged).length).toBeGreaterThan(15);
    expect(lacking(packaged)).toEqual([]);
  });

  it.each([
    {
      name: 'without a timeout',
      change: broken((resources) => delete resources.NotifyLambdaFunction!.Properties.Timeout),
      told: ['notify: no timeout of its own'],
    },
    {
      name: 'whose log is kept for ever',
      change: broken((resources) => delete resources.NotifyLogGroup!.Properties.RetentionInDays),
      told: ['notify: its log is kept for ever'],
    },
    {
      name: 'without an alarm',
      change: broken((resources) => delete resources.NotifyErrors),
      told: ['notify: no alarm on its Errors'],
    },
  ])('is told when it is one $name', ({ change, told }) => {
    expect(lacking(change)).toEqual(told);
  });

  it('is given no variable that it does not read', () => {
    expect(unreadVariables(packaged)).toEqual([]);
    const added = broken(({ NotifyLambdaFunction }) => {
      Object.assign(NotifyLambdaFunction!.Properties.Environment!, {
        Variables: { FIVETRAN_SECRET_ID: 'nobody reads this' },
      });
    });
    expect(unreadVariables(added)).toEqual(['notify: FIVETRAN_SECRET_ID']);
  });

  it('is in the VPC exactly when the database is what it reaches', () => {
    expect(wrongNetwork(packaged)).toEqual([]);
    const outside = broken((resources) => delete resources.CheckSourceLambdaFunction!.Properties.VpcConfig);
    expect(wrongNetwork(outside)).toEqual(['check-source logs in to the database from outside the VPC']);
    const inside = broken(({ ReadSyncLambdaFunction: part }) => {
      part!.Properties.VpcConfig = {};
    });
    expect(wrongNetwork(inside)).toEqual(['read-sync is in the VPC and reaches nothing there']);
  });

  it('in the VPC reaches every service that it asks, by an endpoint that the stack can make', () => {
    expect(unreachable(packaged)).toEqual([]);
    const changed = broken((resources) => delete resources.EventsEndpoint);
    expect(unreachable(changed)).toEqual(['refresh-targets cannot reach events']);
  });
});
