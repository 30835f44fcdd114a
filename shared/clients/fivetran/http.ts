import * as z from 'zod/mini';
import type { Clock, TimeLeft } from '../../clock.ts';
import { describeIssues } from '../../contracts/parse.ts';
import {
  AccessDeniedError,
  FivetranRequestError,
  NotFoundError,
  UnavailableError,
  UnexpectedAnswerError,
} from '../../errors.ts';
import { readPage } from './page-reader.ts';

export interface Credentials {
  apiKey: string;
  apiSecret: string;
}

/** Gives the API key; `fresh` bypasses every cache, for when Fivetran has refused the one we had. */
export type ReadCredentials = (options?: { fresh?: boolean }) => Promise<Credentials>;

export interface HttpSettings {
  baseUrl: string;
  credentials: ReadCredentials;
  clock: Clock;
  /** All requests of one invocation share its time: none begins or waits that could outlast it. */
  timeLeftMs: TimeLeft;
  /** A number from 0 to 1, for jitter. */
  random?: () => number;
}

export interface FivetranRequest<Schema extends z.ZodMiniType> {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: string;
  /**
   * Fivetran wants the header exactly as its API description has it: connections and destinations are version 2,
   * everything else is plain.
   */
  version?: 2;
  query?: Record<string, string | number | undefined>;
  body?: Record<string, unknown>;
  /** Shape of the answer's `data`. */
  data: Schema;
  /**
   * Whether sending it twice does no harm. A request that creates is sent again only when Fivetran surely did not
   * take it (429); otherwise the whole step is repeated, and that looks first whether the thing exists.
   */
  repeatable: boolean;
  timeoutMs?: number;
  /** For a list: takes its items as they arrive; `data` is then what remains without them. */
  items?: ItemSink;
}

export interface ItemSink {
  /** A try begins: what an earlier one gave does not count. */
  begin(): void;
  /** The JSON text of one item. */
  take(json: string): void;
}

export interface Answer<Data> {
  data: Data;
  /** Fivetran's own clock, from the answer's Date header: what its other timestamps may be compared with. */
  serverTime: Date;
}

/** Sends one request, again where that may help, and parses the answer. */
export interface FivetranHttp {
  /**
   * @throws AccessDeniedError on 401 and 403, NotFoundError on 404, FivetranRequestError on any other refusal,
   *   UnavailableError when Fivetran is unreachable, throttles us for long or answers 5xx, or when the invocation has
   *   no time left, UnexpectedAnswerError when the answer is not what the API description promises
   */
  send<Schema extends z.ZodMiniType>(request: FivetranRequest<Schema>): Promise<Answer<z.output<Schema>>>;
}

const mostTries = 4;
const defaultTimeoutMs = 15_000;
/** Kept of an invocation's time for saying that there is none left: a Lambda that is stopped says nothing. */
const reserveMs = 3_000;
/** A longer Retry-After is left to the state machine, which waits without a running Lambda. */
const longestPauseSeconds = 10;

const Envelope = z.object({
  code: z._default(z.string(), ''),
  message: z._default(z.nullable(z.string()), ''),
  data: z.optional(z.unknown()),
});

export function createFivetranHttp(settings: HttpSettings): FivetranHttp {
  const random = settings.random ?? Math.random;

  async function attempt(
    request: FivetranRequest<z.ZodMiniType>,
    credentials: Credentials,
    timeoutMs: number,
  ): Promise<Attempt> {
    try {
      const response = await fetch(urlOf(settings.baseUrl, request), {
        method: request.method,
        headers: {
          authorization: `Basic ${Buffer.from(`${credentials.apiKey}:${credentials.apiSecret}`).toString('base64')}`,
          accept: request.version === 2 ? 'application/json;version=2' : 'application/json',
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { response, text: await textOf(response, request) };
    } catch (error) {
      if (error instanceof UnexpectedAnswerError) throw error;
      return { transportError: error };
    }
  }

  return {
    async send(request) {
      const what = `${request.method} ${request.path}`;
      let credentials = await settings.credentials();
      let refetched = false;
      const usableMs = (): number => Math.floor(settings.timeLeftMs() - reserveMs);
      for (let tries = 1; ; tries += 1) {
        if (usableMs() <= 0) throw new UnavailableError(`There was no time left to ask Fivetran (${what}).`);
        const { response, text, transportError } = await attempt(
          request,
          credentials,
          Math.min(request.timeoutMs ?? defaultTimeoutMs, usableMs()),
        );
        const retryAfter = async (waitMs: number, failure: UnavailableError): Promise<void> => {
          if (tries >= mostTries || waitMs >= usableMs()) throw failure;
          await settings.clock.sleep(waitMs);
        };

        if (response === undefined) {
          const failure = new UnavailableError(`Fivetran could not be reached (${what}).`, {
            cause: transportError,
          });
          if (!request.repeatable) throw failure;
          await retryAfter(pauseMs(tries, random), failure);
          continue;
        }
        if (response.ok) return read(request, what, response, text, settings.clock);

        if (response.status === 401 && !refetched) {
          // The key may have been rotated since it was read.
          refetched = true;
          credentials = await settings.credentials({ fresh: true });
          continue;
        }
        if (response.status === 429) {
          const pauseSeconds = retryAfterSeconds(response);
          const failure = new UnavailableError(
            `Fivetran limits our requests (${what})${pauseSeconds === undefined ? '' : `; it asks to wait ${pauseSeconds} s`}.`,
          );
          if ((pauseSeconds ?? 0) > longestPauseSeconds) throw failure;
          const waitMs =
            pauseSeconds === undefined ? pauseMs(tries, random) : pauseSeconds * 1000 + random() * 250;
          await retryAfter(waitMs, failure);
          continue;
        }
        if (response.status >= 500 || response.status === 408) {
          const failure = new UnavailableError(`Fivetran answered ${response.status} (${what}).`);
          if (!request.repeatable) throw failure;
          await retryAfter(pauseMs(tries, random), failure);
          continue;
        }
        throw refusal(what, response.status, text, [
          credentials.apiKey,
          credentials.apiSecret,
          ...secretValues(request.body),
        ]);
      }
    },
  };
}

interface Attempt {
  response?: Response;
  text?: string;
  transportError?: unknown;
}

/** The answer's text, without the items of a list where those are handed over one by one. */
async function textOf(response: Response, { items }: FivetranRequest<z.ZodMiniType>): Promise<string> {
  if (items === undefined || !response.ok || response.body === null) return response.text();
  items.begin();
  return readPage(response.body, (json) => {
    items.take(json);
  });
}

function urlOf(baseUrl: string, { path, query = {} }: FivetranRequest<z.ZodMiniType>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `${baseUrl.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

/** Full jitter: anything up to 0.5 s, 1 s, 2 s …, so that many functions do not come back together. */
function pauseMs(tries: number, random: () => number): number {
  return random() * Math.min(500 * 2 ** (tries - 1), 8_000);
}

/** Fivetran's own Go client reads whole seconds: https://github.com/fivetran/go-fivetran */
function retryAfterSeconds(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : undefined;
}

function read<Schema extends z.ZodMiniType>(
  request: FivetranRequest<Schema>,
  what: string,
  response: Response,
  text = '',
  clock: Clock,
): Answer<z.output<Schema>> {
  const envelope = z.safeParse(Envelope, parseJson(text));
  const parsed = envelope.success ? z.safeParse(request.data, envelope.data.data) : undefined;
  if (parsed?.success !== true) {
    const detail = parsed === undefined ? 'the body is not JSON with data' : describeIssues(parsed.error);
    throw new UnexpectedAnswerError(`Fivetran's answer to ${what} is not as documented: ${detail}.`);
  }
  const date = new Date(response.headers.get('date') ?? '');
  return { data: parsed.data, serverTime: Number.isNaN(date.getTime()) ? clock.now() : date };
}

function refusal(
  what: string,
  status: number,
  text = '',
  secrets: readonly string[],
): AccessDeniedError | NotFoundError | FivetranRequestError {
  const envelope = z.safeParse(Envelope, parseJson(text));
  const code = envelope.success ? envelope.data.code : '';
  const said = redact(envelope.success ? (envelope.data.message ?? '') : '', secrets).slice(0, 500);
  const sentence = `${what}: ${status}${code === '' ? '' : ` ${code}`}${said === '' ? '' : `, "${said}"`}`;
  if (status === 401) {
    return new AccessDeniedError(
      `Fivetran does not accept the API key (${sentence}): put a valid apiKey and apiSecret into the secret named by FIVETRAN_SECRET_ID.`,
    );
  }
  if (status === 403) {
    return new AccessDeniedError(
      `Fivetran does not allow this to the API key (${sentence}): give its user or role the permission.`,
    );
  }
  if (status === 404) return new NotFoundError(`Fivetran does not know it (${sentence}).`);
  return new FivetranRequestError(`Fivetran refused ${sentence}.`, { status, code });
}

/** The text as JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Every text in a request that stands under a name that promises a secret. */
function secretValues(value: unknown, name = ''): string[] {
  if (typeof value === 'string') return /password|secret|token|private_key/i.test(name) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretValues(inner, key));
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((result, secret) => result.replaceAll(secret, '***'), text);
}
