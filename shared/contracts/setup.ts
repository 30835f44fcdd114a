import * as z from 'zod/mini';
import { ConnectionId } from './ids.ts';

/** Input of test-connection: one connection, or all connections on a private link. */
export const TestConnectionInput = z.union([
  z.object({ connectionId: ConnectionId }),
  z.object({ privateLinkId: z.string().check(z.minLength(1), z.maxLength(200)) }),
]);
export type TestConnectionInput = z.output<typeof TestConnectionInput>;

export interface TestedConnections {
  /**
   * passed: every connection's tests passed (also when there is none); failed: one did not, or the private link
   * failed; pending: the private link is not OK yet.
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
  }[];
  waitSeconds: number;
  /** One sentence; says which tests failed. */
  summary: string;
}
