import * as z from 'zod/mini';
import { AccountId, ConnectionId, EndpointId, ServiceId, SourceName } from '../shared/contracts/ids.ts';
import type { Form } from './command.ts';

/** Forms of what the commands take, as the machines will read it. */
export const forms = {
  serviceId: { schema: ServiceId, must: 'look like vpce-svc-0123456789abcdef0' },
  endpointId: { schema: EndpointId, must: 'look like vpce-0123456789abcdef0' },
  account: { schema: AccountId, must: 'be the twelve digits of an AWS account' },
  connectionId: { schema: ConnectionId, must: 'look like assimilate_seem' },
  source: { schema: SourceName, must: 'be small letters, digits and dashes' },
  wholeNumber: { schema: z.string().check(z.regex(/^\d+$/)), must: 'be a whole number' },
  days: { schema: z.string().check(z.regex(/^[1-7]$/)), must: 'be a whole number from 1 to 7' },
  /** As scripts/parameters.ts wants it. */
  stage: {
    schema: z.string().check(z.regex(/^[a-z][a-z0-9-]{0,19}$/)),
    must: 'be 1 to 20 small letters, digits and dashes, a letter first',
  },
} as const satisfies Record<string, Form>;
