import * as z from 'zod/mini';

/** As much of Fivetran's answers as the story looks at. */
export const Connection = z.object({
  data: z.object({
    id: z.string(),
    schema: z.string(),
    private_link_id: z.nullish(z.string()),
    succeeded_at: z.nullable(z.string()),
    failed_at: z.nullable(z.string()),
    config: z.object({ update_method: z.string() }),
    status: z.object({
      setup_state: z.string(),
      sync_state: z.string(),
      tasks: z._default(z.array(z.object({ code: z.string(), message: z.string() })), []),
    }),
  }),
});

export const Connections = z.object({ data: z.object({ items: z.array(z.object({ id: z.string() })) }) });

export const SetupTests = z.object({
  data: z.object({ setup_tests: z.array(z.object({ title: z.string(), status: z.string() })) }),
});
