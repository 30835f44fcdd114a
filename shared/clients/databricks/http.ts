import * as z from 'zod/mini';
import type { Clock } from '../../clock.ts';
import type { DatabricksSecret } from '../../contracts/databricks-secret.ts';
import { AccessDeniedError, UnavailableError } from '../../errors.ts';

/** One answer of the workspace, whatever its status, apart from those that retries or new credentials mend. */
export interface WorkspaceAnswer {
  status: number;
  body: unknown;
}

/** Sends requests to one Databricks workspace. */
export interface WorkspaceHttp {
  /**
   * @throws AccessDeniedError when the credentials are refused, also after the secret was read anew
   * @throws UnavailableError when the workspace is unreachable, throttles us for long or answers 5xx
   */
  send(method: 'GET' | 'POST', path: string, body?: Record<string, unknown>): Promise<WorkspaceAnswer>;
}

interface HttpSettings {
  /** Reads the secret; `fresh` bypasses every cache, for when Databricks refused what we had. */
  secret: (options?: { fresh?: boolean }) => Promise<DatabricksSecret>;
  secretId: string;
  clock: Clock;
  random?: () => number;
}

const mostTries = 4;
/** A statement's own wait is 30 s at most. */
const requestTimeoutMs = 40_000;
const longestPauseSeconds = 15;
/** A token is renewed this long before it ends. */
const renewBeforeMs = 60_000;

const Token = z.object({ access_token: z.string(), expires_in: z._default(z.number(), 3600) });

interface Authorization {
  host: string;
  header: string;
  validUntil: number;
}

export function createWorkspaceHttp({
  secret,
  secretId,
  clock,
  random = Math.random,
}: HttpSettings): WorkspaceHttp {
  let known: Authorization | undefined;

  async function authorize(fresh: boolean): Promise<Authorization> {
    if (!fresh && known !== undefined && known.validUntil > clock.now().getTime()) return known;
    const credentials = await secret({ fresh });
    const host = credentials.host.replace(/\/+$/, '');
    known =
      'token' in credentials
        ? { host, header: `Bearer ${credentials.token}`, validUntil: clock.now().getTime() + 300_000 }
        : await machineToken(host, credentials);
    return known;
  }

  /** OAuth machine to machine: https://docs.databricks.com/aws/en/dev-tools/auth/oauth-m2m */
  async function machineToken(
    host: string,
    { clientId, clientSecret }: { clientId: string; clientSecret: string },
  ): Promise<Authorization> {
    const answer = await persist(`${host}/oidc/v1/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials&scope=all-apis',
    });
    const token = z.safeParse(Token, answer.body);
    if (answer.status !== 200 || !token.success) {
      throw new AccessDeniedError(
        `Databricks gave no token for the service principal (HTTP ${answer.status}): compare clientId and clientSecret in the secret ${secretId}.`,
      );
    }
    return {
      host,
      header: `Bearer ${token.data.access_token}`,
      validUntil: clock.now().getTime() + token.data.expires_in * 1000 - renewBeforeMs,
    };
  }

  /** Sends until there is an answer that waiting does not better. All our requests may be sent twice. */
  async function persist(url: string, init: RequestInit): Promise<WorkspaceAnswer> {
    for (let tries = 1; ; tries += 1) {
      const answer = await attempt(url, init);
      const passing = answer.status === 0 || answer.status === 429 || answer.status >= 500;
      if (!passing) return answer;
      const pauseSeconds = answer.retryAfterSeconds ?? random() * Math.min(0.5 * 2 ** (tries - 1), 8);
      if (tries >= mostTries || pauseSeconds > longestPauseSeconds) {
        throw new UnavailableError(
          answer.status === 0
            ? `Databricks could not be reached at ${new URL(url).host} (${answer.fault ?? ''}).`
            : `Databricks answered ${answer.status} to every try.`,
        );
      }
      await clock.sleep(pauseSeconds * 1000);
    }
  }

  return {
    async send(method, path, body) {
      for (const fresh of [false, true]) {
        const { host, header } = await authorize(fresh);
        const answer = await persist(`${host}${path}`, {
          method,
          headers: {
            authorization: header,
            'user-agent': 'fivetran-privatelink',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        if (answer.status !== 401 && answer.status !== 403) return answer;
        if (fresh) {
          throw new AccessDeniedError(
            answer.status === 401
              ? `Databricks refused the credentials: renew token or clientSecret in the secret ${secretId}.`
              : `Databricks does not allow it: grant CAN USE on the SQL warehouse of the secret ${secretId} to its user or service principal.`,
          );
        }
      }
      throw new AccessDeniedError('Databricks refused the credentials.');
    },
  };
}

interface Attempt extends WorkspaceAnswer {
  retryAfterSeconds?: number;
  fault?: string;
}

async function attempt(url: string, init: RequestInit): Promise<Attempt> {
  try {
    const response = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const text = await response.text();
    const after = response.headers.get('retry-after')?.trim() ?? '';
    return {
      status: response.status,
      body: parseJson(text),
      ...(/^\d{1,6}$/.test(after) ? { retryAfterSeconds: Number(after) } : {}),
    };
  } catch (error) {
    return { status: 0, body: undefined, fault: error instanceof Error ? causeOf(error) : 'unknown' };
  }
}

const causeOf = (error: Error): string =>
  error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
