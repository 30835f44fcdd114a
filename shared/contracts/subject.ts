import * as z from 'zod/mini';

/** What an event, an alert or an incident is about. `type#id` identifies an incident's thing. */
export const Subject = z.object({
  type: z.enum([
    'connection',
    'endpoint',
    'service',
    'source',
    'targets',
    'webhook',
    'secret',
    'private-link',
    'execution',
  ]),
  id: z.string().check(z.minLength(1), z.maxLength(200)),
  /** What a person calls it, for instance the connection's schema; empty when there is no better word than the id. */
  name: z._default(z.string(), ''),
});
export type Subject = z.output<typeof Subject>;
