import { describe, expect, it } from 'vitest';
import { bundleOf, packaged, referencesOf, resourcesOf, type Template } from './template.ts';

interface Widget {
  properties: { title: string; metrics: unknown[][] };
}

/** The dashboard's widgets; what CloudFormation fills in stands as it is written. */
function widgetsOf(template: Template): Widget[] {
  const [[, dashboard] = []] = resourcesOf(template, 'AWS::CloudWatch::Dashboard');
  const { 'Fn::Sub': body } = dashboard?.Properties.DashboardBody as { 'Fn::Sub': string };
  return (JSON.parse(body) as { widgets: Widget[] }).widgets;
}

/** Metrics of our own that dashboard and alarms look at: the function that counts it, and its name. */
function ownMetrics(template: Template): [folder: string, metric: string][] {
  const namespace = 'fivetran-privatelink-dev';
  const shown = widgetsOf(template)
    .flatMap(({ properties }) => properties.metrics)
    .filter(([first]) => first === namespace)
    .map(([, metric, , folder]): [string, string] => [String(folder), String(metric)]);
  const alarmed = resourcesOf(template, 'AWS::CloudWatch::Alarm')
    .filter(([, { Properties }]) => Properties.Namespace === namespace)
    .map(([, { Properties }]): [string, string] => {
      const [dimension] = Properties.Dimensions as { Value: string }[];
      return [dimension?.Value ?? '', String(Properties.MetricName)];
    });
  return [...shown, ...alarmed];
}

describe('the dashboard', () => {
  it('shows the path at a glance', () => {
    const text = JSON.stringify(widgetsOf(packaged));
    for (const metric of [
      'EndpointsCount',
      'NewConnections',
      'UnHealthyHostCount',
      'ExecutionsSucceeded',
      'ExecutionsFailed',
      'ExecutionTime',
      'StalestSeconds',
      'HeadroomUsedPercent',
    ]) {
      expect(text).toContain(metric);
    }
    expect(referencesOf(widgetsOf(packaged))).toContain('RunSyncMachine');
  });

  it('shows the services and targets of this stack, and of nobody else in the account', () => {
    expect(referencesOf(widgetsOf(packaged))).toEqual(
      expect.arrayContaining(['EndpointServicePostgres', 'TargetGroupPostgres', 'LoadBalancerPostgres']),
    );
    expect(JSON.stringify(widgetsOf(packaged))).not.toContain('SEARCH');
  });

  it.each(ownMetrics(packaged))('%s counts the %s that is shown or alarmed', (folder, metric) => {
    expect(bundleOf(folder)).toContain(metric);
  });
});
