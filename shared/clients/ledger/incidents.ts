import type { Clock } from '../../clock.ts';
import { Incident, Storm } from '../../contracts/incident.ts';
import { parse } from '../../contracts/parse.ts';
import { untilWon } from './optimistic.ts';
import type { LedgerItem, LedgerTable } from './table.ts';

/**
 * Incidents in the ledger. All that is open or unfinished stands in one partition, so that the minute tick reads it
 * with one query; what is settled moves to a partition of its own subject, out of the tick's way.
 *
 * | pk | sk | item |
 * |---|---|---|
 * | `incidents` | `incident#<type>#<id>` | an open or unfinished incident, with its outbox |
 * | `incidents` | `storm#<time>` | a storm's shared message |
 * | `incident-history#<type>#<id>` | opening time | a settled incident, for 90 days |
 * | `incident-recovery#<type>#<id>` | scope | when the subject was last whole, for 2 days |
 * | `incident-execution#<arn>` | `incident` | which incident an execution's failure belongs to, for 30 days |
 * | `slack` | `burst`, `pause` | when incidents last opened; until when Slack wants to be left alone |
 */
export interface Incidents {
  get(key: string): Promise<Incident | undefined>;
  /** All that is open or unfinished, oldest first. */
  list(): Promise<{ incidents: Incident[]; storms: Storm[] }>;
  /**
   * Changes an incident as one step against everybody else: `decide` is asked again when somebody was faster. An
   * answer of `undefined`, or of the same object, writes nothing; `null` removes it.
   *
   * @returns the incident as it stands afterwards
   * @throws UnavailableError when others are always faster
   */
  change(
    key: string,
    decide: (incident: Incident | undefined) => Incident | null | undefined,
  ): Promise<Incident | undefined>;
  changeStorm(
    key: string,
    decide: (storm: Storm | undefined) => Storm | undefined,
  ): Promise<Storm | undefined>;
  /** Moves a settled incident to its subject's history, unless it changed meanwhile; its recoveries stay known. */
  settle(incident: Incident): Promise<void>;
  dropStorm(key: string): Promise<void>;
  /** Remembers that a subject was whole at `at`, for problems that are reported late. */
  noteRecovery(key: string, scope: string, at: string): Promise<void>;
  recoveries(key: string): Promise<{ scope: string; at: string }[]>;
  /** Remembers to which incident an execution's failure belongs. */
  joinExecution(executionArn: string, key: string): Promise<void>;
  incidentOfExecution(executionArn: string): Promise<string | undefined>;
  /**
   * Whether an incident that opens now may be told at once: three within a minute may, the others wait for the
   * tick, which sees how many there are.
   */
  mayOpenAtOnce(): Promise<boolean>;
  /** Slack asked to be left alone, or is down. */
  pause(until: Date): Promise<void>;
  isPaused(): Promise<boolean>;
}

const partition = 'incidents';
const day = 86_400;
const keepSeconds = { history: 90 * day, recovery: 2 * day, execution: 30 * day, abandoned: 400 * day };
const atOnceWindowMs = 60_000;

export function createIncidents(table: LedgerTable, clock: Clock): Incidents {
  const expiry = (seconds: number): number => Math.floor(clock.now().getTime() / 1000) + seconds;

  async function changeItem<Body extends Incident | Storm>(
    sk: string,
    read: (item: LedgerItem) => Body,
    decide: (body: Body | undefined) => Body | null | undefined,
  ): Promise<Body | undefined> {
    return untilWon(clock, `The ledger's item ${sk}`, async () => {
      const item = await table.get({ pk: partition, sk });
      const before = item === undefined ? undefined : read(item);
      const after = decide(before);
      if (after === undefined || after === before) return { answer: before };
      const version = Number(item?.version ?? 0);
      const unchanged =
        version === 0
          ? { expression: 'attribute_not_exists(pk)' }
          : {
              expression: '#version = :version',
              names: { '#version': 'version' },
              values: { ':version': version },
            };
      const key = { pk: partition, sk };
      const expiresAt = expiry(keepSeconds.abandoned);
      const done =
        after === null
          ? await table.delete(key, unchanged)
          : await table.put({ ...key, version: version + 1, body: after, expiresAt }, unchanged);
      return done ? { answer: after ?? undefined } : undefined;
    });
  }

  async function noteRecovery(key: string, scope: string, at: string): Promise<void> {
    await table.put(
      { pk: `incident-recovery#${key}`, sk: scope, at, expiresAt: expiry(keepSeconds.recovery) },
      { expression: 'attribute_not_exists(pk) OR #at < :at', names: { '#at': 'at' }, values: { ':at': at } },
    );
  }

  return {
    async get(key) {
      const item = await table.get({ pk: partition, sk: skOf(key) });
      return item === undefined ? undefined : readIncident(item);
    },

    async list() {
      const items = await table.query(partition);
      const incidents = items.filter(({ sk }) => sk.startsWith('incident#')).map(readIncident);
      const storms = items.filter(({ sk }) => sk.startsWith('storm#')).map(readStorm);
      return { incidents: incidents.sort(byOpening), storms: storms.sort(byOpening) };
    },

    change: (key, decide) => changeItem(skOf(key), readIncident, decide),
    changeStorm: (key, decide) => changeItem(key, readStorm, decide),

    async settle(incident) {
      // Also what nobody reported, such as its closing after a quiet day: a late repeat must not open it again.
      for (const { scope, at } of incident.recoveries) await noteRecovery(incident.key, scope, at);
      await table.put({
        pk: `incident-history#${incident.key}`,
        sk: incident.openedAt,
        body: incident,
        expiresAt: expiry(keepSeconds.history),
      });
      await changeItem(skOf(incident.key), readIncident, (now) =>
        now?.revision === incident.revision ? null : now,
      );
    },

    async dropStorm(key) {
      await table.delete({ pk: partition, sk: key });
    },

    noteRecovery,

    async recoveries(key) {
      const items = await table.query(`incident-recovery#${key}`);
      return items.map(({ sk, at }) => ({ scope: sk, at: String(at) }));
    },

    async joinExecution(executionArn, key) {
      await table.put({
        pk: `incident-execution#${executionArn}`,
        sk: 'incident',
        key,
        expiresAt: expiry(keepSeconds.execution),
      });
    },

    async incidentOfExecution(executionArn) {
      const item = await table.get({ pk: `incident-execution#${executionArn}`, sk: 'incident' });
      return item === undefined ? undefined : String(item.key);
    },

    async mayOpenAtOnce() {
      const now = clock.now().getTime();
      const names = { '#first': 'first', '#second': 'second', '#third': 'third', '#waiting': 'waiting' };
      const key = { pk: 'slack', sk: 'burst' };
      await table.put(
        { ...key, first: 0, second: 0, third: 0, waiting: 0 },
        { expression: 'attribute_not_exists(pk)' },
      );
      const taken = await table.update(
        key,
        {
          expression: 'SET #first = #second, #second = #third, #third = :now',
          names,
          values: { ':now': now, ':ago': now - atOnceWindowMs },
        },
        { expression: '#first <= :ago AND #waiting <= :ago' },
      );
      if (taken !== undefined) return true;
      // Never back: who was held up on its way here must not make the burst look older than it is.
      await table.update(
        key,
        { expression: 'SET #waiting = :now', names: { '#waiting': 'waiting' }, values: { ':now': now } },
        { expression: '#waiting < :now' },
      );
      return false;
    },

    async pause(until) {
      await table.put({ pk: 'slack', sk: 'pause', until: until.getTime() });
    },

    async isPaused() {
      const item = await table.get({ pk: 'slack', sk: 'pause' });
      return item !== undefined && Number(item.until) > clock.now().getTime();
    },
  };
}

const skOf = (key: string): string => `incident#${key}`;
const byOpening = (a: { openedAt: string }, b: { openedAt: string }): number =>
  a.openedAt.localeCompare(b.openedAt);
const readIncident = ({ body }: LedgerItem): Incident => parse(Incident, body, 'An incident in the ledger');
const readStorm = ({ body }: LedgerItem): Storm => parse(Storm, body, 'A storm in the ledger');
