/** A request older than its claim by more than this was there before we asked for anything. */
export const prePlantingMinutes = 10;

/**
 * Whether a request was made before its claim could be used, and so cannot be the answer to it.
 *
 * @param claimSince milliseconds since 1970; a time that cannot be read (NaN) makes every request pre-planted
 */
export const isPrePlanted = (requestedAt: string, claimSince: number): boolean =>
  !(Date.parse(requestedAt) >= claimSince - prePlantingMinutes * 60_000);
