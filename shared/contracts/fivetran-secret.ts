import * as z from 'zod/mini';

/** The secret for Fivetran's REST API: an API key. */
export const FivetranSecret = z.object({
  apiKey: z.string().check(z.minLength(1)),
  apiSecret: z.string().check(z.minLength(1)),
});
export type FivetranSecret = z.output<typeof FivetranSecret>;
