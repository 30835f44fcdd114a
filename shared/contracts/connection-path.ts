import * as z from 'zod/mini';

/** How a connection reaches its database and its destination: what seldom changes, kept to save API calls. */
export const ConnectionPath = z.object({
  privateLinkId: z.string(),
  groupId: z.string(),
  /** Empty when the private link leads to no endpoint service of ours. */
  serviceId: z.string(),
  /** Empty when the endpoint service names no source. */
  source: z.string(),
  destination: z.object({ service: z.string(), catalog: z.string() }),
  /** Our clock. */
  learnedAt: z.string(),
});
export type ConnectionPath = z.output<typeof ConnectionPath>;
