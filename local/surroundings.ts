import http from 'node:http';
import { devNull } from 'node:os';

/** Settings of AWS clients, PostgreSQL's libpq and TLS. */
const settingsOfOthers = /^(AWS_|PG[A-Z]+$|NODE_TLS_REJECT_UNAUTHORIZED$)/;
const proxies = /^(https?|all)_proxy$/i;

/**
 * Takes what a person has set for other programs out of `env`: a profile, an endpoint or a proxy that is meant for
 * the real AWS, a default database, TLS without verification. Every client of the local stack is told where its
 * server is, and would be led elsewhere by them.
 */
export function forgetSurroundings(env: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(env)) {
    if (settingsOfOthers.test(name) || proxies.test(name)) Reflect.deleteProperty(env, name);
  }
  Object.assign(env, noSettingsFiles);
  // With NODE_USE_ENV_PROXY Node has read its proxies before this line. fetch looks at NO_PROXY each time, an agent
  // does not: https://nodejs.org/api/http.html#built-in-proxy-support
  env.NO_PROXY = env.no_proxy = '127.0.0.1,localhost';
  http.globalAgent = new http.Agent({ keepAlive: true });
}

/** AWS clients look for settings in these files where nothing else is said; on Lambda there are none. */
export const noSettingsFiles = { AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull };
