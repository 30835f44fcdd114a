import * as z from 'zod/mini';
import { knownUpdateMethods } from './connection-record.ts';
import { ConnectionId, ServiceId, SourceName } from './ids.ts';

/** Input of test-connection: one connection, or the connections on a private link, some at a time. */
export const TestConnectionInput = z.union([
  z.object({ connectionId: ConnectionId }),
  z.object({
    privateLinkId: z.string().check(z.minLength(1), z.maxLength(200)),
    /** `next` of the answer before; the first connections without it. */
    after: z.optional(z.string()),
  }),
]);
export type TestConnectionInput = z.output<typeof TestConnectionInput>;

export interface TestedConnections {
  /**
   * passed: the tests of these connections passed (also when there is none); failed: one did not, or the private link
   * failed; pending: the private link is not OK yet, or Fivetran's limit of setup tests is used up.
   */
  outcome: 'passed' | 'failed' | 'pending';
  /** Fivetran's word; empty when the connection has no private link. */
  privateLinkState: string;
  connections: {
    connectionId: string;
    name: string;
    outcome: 'passed' | 'failed';
    /** Unpaused, and never succeeded or last failed: a sync is wanted now. */
    startSync: boolean;
    failing: { title: string; message: string }[];
    warnings: { title: string; message: string }[];
    /** One sentence that says which tests failed; empty when they passed. */
    summary: string;
  }[];
  /** Where to go on, when the private link has more connections than were tested; empty when it has not. */
  next: string;
  waitSeconds: number;
  /** Whether the wait is for Fivetran's limit, so that the tests run in the end. */
  paced: boolean;
  /** One sentence; says which tests failed. */
  summary: string;
}

/** What a person gives connect-source. */
export const ConnectSourceRequest = z.object({
  source: SourceName,
  /** Fivetran's group, which is also the id of the destination. */
  groupId: z.string().check(z.minLength(1), z.maxLength(200)),
  /** Name of the connection, and beginning of its schemas' names at the destination; permanent. */
  schemaPrefix: z.string().check(z.regex(/^[a-z_][a-z0-9_]{0,62}$/)),
  /** The endpoint service; found by its source tag unless given. */
  serviceId: z.optional(ServiceId),
  service: z._default(z.enum(['postgres', 'postgres_rds', 'aurora_postgres']), 'postgres'),
  updateMethod: z._default(z.enum(knownUpdateMethods), 'TELEPORT'),
  destinationSchemaNames: z._default(z.enum(['FIVETRAN_NAMING', 'SOURCE_NAMING']), 'FIVETRAN_NAMING'),
  /** Host that Fivetran shall use instead of the private link's own DNS name. */
  host: z.optional(z.string().check(z.minLength(1), z.maxLength(253))),
  /** Port and database, where the source's secret does not have the right ones. */
  port: z.optional(z.int().check(z.gte(1), z.lte(65_535))),
  database: z.optional(z.string().check(z.minLength(1), z.maxLength(63))),
  /** Minutes between two syncs. */
  syncFrequency: z.optional(z.literal([1, 5, 15, 30, 60, 120, 180, 360, 480, 720, 1440])),
  scheduleType: z.optional(z.enum(['auto', 'manual'])),
});
export type ConnectSourceRequest = z.output<typeof ConnectSourceRequest>;

/** Input of ensure-private-link: `plan` looks and creates nothing. */
export const EnsurePrivateLinkInput = z.object({
  mode: z.enum(['plan', 'ensure']),
  request: ConnectSourceRequest,
  /** How often it was asked before; the wait grows with it. */
  attempt: z._default(z.int().check(z.gte(0)), 0),
});
export type EnsurePrivateLinkInput = z.output<typeof EnsurePrivateLinkInput>;

export interface PrivateLinkState {
  /** planned: nothing is missing to begin; ready: the link is OK; pending: look again; failed: it never will be. */
  outcome: 'planned' | 'ready' | 'pending' | 'failed';
  serviceId: string;
  serviceName: string;
  /** What people call the group; only told by `plan`. */
  groupName: string;
  privateLinkId: string;
  /** DNS name that Fivetran reaches the database by; empty while there is none. */
  host: string;
  /** Fivetran's word; empty while there is no link. */
  state: string;
  attempt: number;
  waitSeconds: number;
  summary: string;
}

/** Input of ensure-connection. */
export const EnsureConnectionInput = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('ensure'),
    request: ConnectSourceRequest,
    privateLinkId: z.string().check(z.minLength(1)),
    host: z.string(),
  }),
  z.object({ mode: z.literal('credentials'), connectionId: ConnectionId, source: SourceName }),
]);
export type EnsureConnectionInput = z.output<typeof EnsureConnectionInput>;

export type EnsuredConnection =
  | {
      outcome: 'created' | 'updated' | 'found';
      connectionId: string;
      name: string;
      updateMethod: string;
      /** Fivetran refused the method that was asked for and took another. */
      fellBack: boolean;
      summary: string;
    }
  | {
      /**
       * current: Fivetran has the present password; sent: it was given the rotated one; unmanaged: the connection
       * was not set up by us, so its user and password are somebody else's.
       */
      outcome: 'current' | 'sent' | 'unmanaged';
      connectionId: string;
      summary: string;
    };
