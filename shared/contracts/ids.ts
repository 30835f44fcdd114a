import * as z from 'zod/mini';

/** `vpce-svc-…`: our endpoint service. */
export const ServiceId = z.string().check(z.regex(/^vpce-svc-[0-9a-f]{8,17}$/));
/** `vpce-…`: somebody's interface endpoint that asks to join our service. */
export const EndpointId = z.string().check(z.regex(/^vpce-[0-9a-f]{8,17}$/));
/** Twelve digits. */
export const AccountId = z.string().check(z.regex(/^\d{12}$/));
/** Fivetran's id of a connection, such as `assimilate_seem`. */
export const ConnectionId = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,100}$/));
/** Our name of a PostgreSQL source: the last part of its secret's name, and the value of its service's source tag. */
export const SourceName = z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,62}$/));
/** An instant in ISO 8601, in UTC, as `Date.toISOString` writes it. */
export const Instant = z.iso.datetime();
