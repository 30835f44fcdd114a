import * as z from 'zod/mini';
import { AccountId, ConnectionId, EndpointId, ServiceId, SourceName } from '../shared/contracts/ids.ts';
import type { Form } from './command.ts';

/** The form of a text that a machine or a function will read with this schema. */
export const textForm = (schema: z.ZodMiniType, must: string): Form => ({
  fits: (text) => schema.safeParse(text).success,
  must,
});

/** The same for a number, which an option carries as text. */
export const numberForm = (schema: z.ZodMiniType, must: string): Form => ({
  fits: (text) => /^\d+$/.test(text) && schema.safeParse(Number(text)).success,
  must,
});

/** Forms that several commands share. */
export const forms = {
  serviceId: textForm(ServiceId, 'look like vpce-svc-0123456789abcdef0'),
  endpointId: textForm(EndpointId, 'look like vpce-0123456789abcdef0'),
  account: textForm(AccountId, 'be the twelve digits of an AWS account'),
  connectionId: textForm(ConnectionId, 'look like assimilate_seem'),
  source: textForm(SourceName, 'be small letters, digits and dashes'),
  /** As scripts/parameters.ts wants it. */
  stage: textForm(
    z.string().check(z.regex(/^[a-z][a-z0-9-]{0,19}$/)),
    'be 1 to 20 small letters, digits and dashes, a letter first',
  ),
} as const;
