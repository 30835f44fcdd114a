import * as z from 'zod/mini';

/** An endpoint that a person has to decide about; who shows commands for it checks the form of its ids. */
export const HeldEndpoint = z.object({
  serviceId: z.string(),
  endpointId: z.string(),
  ownerAccount: z.string(),
});
export type HeldEndpoint = z.output<typeof HeldEndpoint>;
