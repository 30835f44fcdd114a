/** How many of our functions are logged in to one source at a time, all of them together. */
export const loginsAtOnce = 3;

/** Why a check or a mark did not log in. */
export const noLoginFree = `${String(loginsAtOnce)} checks and marks were logged in to it all the time, and more are not allowed at once`;
