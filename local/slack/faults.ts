import * as z from 'zod/mini';

/**
 * What goes wrong on purpose, for requests that `method` and `channel` name (all of them without), `times` times
 * (until it is cleared without it).
 */
export const SlackFault = z.strictObject({
  kind: z.enum([
    /** 429 with Retry-After. */
    'rate-limited',
    /** An HTTP error page, as a broken edge would answer. */
    'unavailable',
    /** The request is taken and never answered. */
    'silent',
    /** The connection is reset before anything is done. */
    'reset',
    /** The request is done and its answer lost: the caller cannot know. */
    'answer-lost',
    /** Slack's own `{ok: false, error}`. */
    'error',
  ]),
  /** For instance `chat.postMessage`, or `incoming-webhook`. */
  method: z.optional(z.string()),
  /** Id of the channel that the request is about. */
  channel: z.optional(z.string()),
  times: z.optional(z.int().check(z.positive())),
  retryAfterSeconds: z._default(z.int().check(z.nonnegative()), 1),
  status: z._default(z.int().check(z.minimum(500), z.maximum(599)), 503),
  error: z._default(z.string(), 'internal_error'),
});
export type SlackFault = z.output<typeof SlackFault>;
export type SlackFaultInput = z.input<typeof SlackFault>;

/** The faults that are on. The first that fits a request strikes. */
export function createFaults() {
  let active: { fault: SlackFault; left: number }[] = [];
  return {
    add(input: SlackFaultInput): void {
      const fault = SlackFault.parse(input);
      active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    clear(): void {
      active = [];
    },
    list: (): SlackFault[] => active.map(({ fault }) => fault),
    /** The fault that strikes this request, used up by one. */
    strike(method: string, channel: () => unknown): SlackFault | undefined {
      const hit = active.find(
        ({ fault }) =>
          (fault.method === undefined || fault.method === method) &&
          (fault.channel === undefined || fault.channel === channel()),
      );
      if (hit === undefined) return undefined;
      hit.left -= 1;
      active = active.filter(({ left }) => left > 0);
      return hit.fault;
    },
  };
}
