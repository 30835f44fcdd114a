import { Metrics as Powertools, MetricUnit } from '@aws-lambda-powertools/metrics';

/** Figures that alarms look at. They leave as log lines that CloudWatch reads. */
export interface Metrics {
  /** Several figures of one moment, by name. */
  counts(values: Readonly<Record<string, number>>): void;
}

/** Metrics in the namespace of POWERTOOLS_METRICS_NAMESPACE, with the function's name as the dimension `service`. */
export function createMetrics(functionName: string): Metrics {
  const metrics = new Powertools({ serviceName: functionName });
  return {
    counts(values) {
      for (const [name, value] of Object.entries(values)) metrics.addMetric(name, MetricUnit.Count, value);
      metrics.publishStoredMetrics();
    },
  };
}
