/** Name of the lease that whoever follows a connection's sync holds. */
export const syncLease = (connectionId: string): string => `sync#${connectionId}`;

/** How long a step between two waits may take at most: checks, setup tests, marks and verification. */
export const stepSeconds = 45 * 60;
