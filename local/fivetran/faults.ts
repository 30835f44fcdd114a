import * as z from 'zod/mini';

const times = z._default(z.int().check(z.positive()), 1);
const count = z._default(z.int().check(z.positive()), 1);

/**
 * What can be made to go wrong in Fivetran. A fault with `times` is used up; one without stays until it is cleared.
 * Over HTTP: `POST /_local/faults` with one of these as JSON, `GET` lists them, `DELETE` clears all.
 */
export const Fault = z.discriminatedUnion('kind', [
  /** The next requests to the API are answered with this status. */
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().check(z.minimum(400), z.maximum(599)),
    retryAfterSeconds: z.optional(z.int()),
    /** Only requests whose path begins with this. */
    path: z.optional(z.string()),
    times,
  }),
  /** The next sync that changes this table remembers these changes and does not write them. */
  z.strictObject({ kind: z.literal('lose-rows'), table: z.string(), count }),
  z.strictObject({ kind: z.literal('drop-updates'), table: z.string(), count }),
  z.strictObject({ kind: z.literal('drop-deletes'), table: z.string(), count }),
  /** The next sync fails. */
  z.strictObject({
    kind: z.literal('fail-sync'),
    connectionId: z.optional(z.string()),
    reason: z.string(),
    /** With a task the sync ends as FAILURE_WITH_TASK. */
    task: z.optional(z.strictObject({ code: z.string(), message: z.string() })),
    times,
  }),
  /** The next sync is put off. */
  z.strictObject({
    kind: z.literal('reschedule-sync'),
    connectionId: z.optional(z.string()),
    reason: z.string(),
    afterSeconds: z.number(),
    times,
  }),
  /** The next sync takes at least this long. */
  z.strictObject({
    kind: z.literal('slow-sync'),
    connectionId: z.optional(z.string()),
    milliseconds: z.number(),
    times,
  }),
  z.strictObject({ kind: z.literal('lose-webhook'), event: z.optional(z.string()), times }),
  z.strictObject({ kind: z.literal('duplicate-webhook'), event: z.optional(z.string()), times }),
  /** This setup test fails until the fault is cleared. */
  z.strictObject({ kind: z.literal('fail-setup-test'), title: z.string(), message: z.string() }),
  /** The next private link ends in FAIL. */
  z.strictObject({ kind: z.literal('fail-private-link'), summary: z.string(), times }),
  /** The account takes no new TELEPORT connections. */
  z.strictObject({ kind: z.literal('refuse-teleport') }),
  /** The account has no sync history. */
  z.strictObject({ kind: z.literal('no-sync-history') }),
]);
export type Fault = z.output<typeof Fault>;
type FaultInput = z.input<typeof Fault>;
type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

/** The faults that are in force, oldest first. */
export interface Faults {
  set: (fault: FaultInput) => void;
  clear: (kind?: Fault['kind']) => void;
  list: () => readonly Fault[];
  /** The first fault of this kind that fits; with `times` it is used up by one. */
  take: <Kind extends Fault['kind']>(
    kind: Kind,
    fits?: (fault: FaultOf<Kind>) => boolean,
  ) => FaultOf<Kind> | undefined;
}

export function createFaults(): Faults {
  let faults: Fault[] = [];
  return {
    set: (fault) => {
      faults.push(z.parse(Fault, fault));
    },
    clear: (kind) => {
      faults = kind === undefined ? [] : faults.filter((fault) => fault.kind !== kind);
    },
    list: () => faults,
    take: (kind, fits = () => true) => {
      const isKind = (fault: Fault): fault is FaultOf<typeof kind> => fault.kind === kind;
      const found = faults.filter(isKind).find(fits);
      if (found !== undefined && 'times' in found) {
        found.times -= 1;
        if (found.times === 0) faults = faults.filter((fault) => fault !== found);
      } else if (found !== undefined && 'count' in found) {
        faults = faults.filter((fault) => fault !== found);
      }
      return found;
    },
  };
}
