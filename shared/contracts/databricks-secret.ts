import * as z from 'zod/mini';

const base = {
  /** With scheme, for instance `https://dbc-0123.cloud.databricks.com`. */
  host: z.string().check(z.regex(/^https?:\/\/[^/]+\/?$/)),
  warehouseId: z.string().check(z.minLength(1)),
};

/** The secret for Databricks: a personal access token, or a service principal's client id and secret. */
export const DatabricksSecret = z.union([
  z.object({ ...base, token: z.string().check(z.minLength(1)) }),
  z.object({
    ...base,
    clientId: z.string().check(z.minLength(1)),
    clientSecret: z.string().check(z.minLength(1)),
  }),
]);
export type DatabricksSecret = z.output<typeof DatabricksSecret>;
