import type { Metrics } from '../../shared/metrics.ts';

/** Metrics that nobody looks at. */
export const silentMetrics: Metrics = { counts: () => undefined };
