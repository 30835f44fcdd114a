import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createIncidents } from '../../shared/clients/ledger/incidents.ts';
import { createLeases } from '../../shared/clients/ledger/leases.ts';
import type { Slack, SlackPost } from '../../shared/clients/slack/slack.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { notify } from './notify.ts';
import { readEvent } from './read-event.ts';

class Killed extends Error {}

/** Slack in memory. `fates` says of each post in turn whether the poster is killed before or after it. */
function createSlackInMemory(fates: readonly Fate[], canFind: boolean) {
  const posts: (SlackPost & { ts: string; shown: string })[] = [];
  let turn = 0;
  let killedAfter = 0;
  const slack: Slack = {
    async post(message) {
      const fate = fates[turn];
      turn += 1;
      await new Promise((resolve) => setImmediate(resolve));
      if (fate === 'killed before') throw new Killed();
      const ts = String(posts.length + 1);
      posts.push({ ...message, ts, shown: message.text });
      if (fate === 'killed after') {
        killedAfter += 1;
        throw new Killed();
      }
      if (fate === 'answer lost') {
        killedAfter += 1;
        return { outcome: 'later', seconds: 1, reason: 'no answer', perhaps: true };
      }
      if (fate === 'rate limited') {
        posts.pop();
        return { outcome: 'later', seconds: 30, reason: 'slow down' };
      }
      return { outcome: 'done', channel: message.channel, ts };
    },
    async update(channel, ts, { text }) {
      await new Promise((resolve) => setImmediate(resolve));
      const post = posts.find((candidate) => candidate.ts === ts);
      if (post !== undefined) post.shown = text;
      return { outcome: 'done', channel, ts };
    },
    find: (_, messageId) =>
      Promise.resolve(canFind ? posts.find((post) => post.messageId === messageId)?.ts : undefined),
  };
  return { slack, posts, killedAfter: () => killedAfter };
}

type Fate = 'fine' | 'killed before' | 'killed after' | 'answer lost' | 'rate limited';

const connections = ['alpha', 'beta', 'gamma'];
const start = Date.parse('2026-11-02T10:00:00.000Z');

interface Happening {
  connection: string;
  minute: number;
  fails: boolean;
}

const event = ({ connection, minute, fails }: Happening): object => {
  const at = new Date(start + minute * 60_000).toISOString();
  return fails
    ? {
        phase: 'problem',
        kind: 'sync-failed',
        severity: 'critical',
        subject: { type: 'connection', id: connection, name: '' },
        summary: 'sync failed',
        observedAt: at,
        executionArn: `arn:aws:states:us-east-1:111122223333:execution:run-sync:${connection}-${String(minute)}`,
      }
    : {
        id: `${connection}-${String(minute)}`,
        source: 'fivetran.privatelink',
        'detail-type': 'Fivetran Sync Ended',
        time: at,
        detail: {
          version: 1,
          connectionId: connection,
          syncId: `${connection}-${String(minute)}`,
          status: 'SUCCESSFUL',
          reason: '',
          endedAt: at,
          observedBy: 'webhook',
          review: false,
        },
      };
};

/** What happens, in any order and some of it twice; in the end every connection works. */
const happenings = fc
  .array(
    fc.record({
      connection: fc.constantFrom(...connections),
      minute: fc.integer({ min: 0, max: 300 }),
      fails: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => [...list, ...connections.map((connection) => ({ connection, minute: 400, fails: false }))])
  .chain((list) =>
    fc
      .tuple(fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list))
      .map(([ordered, again]) => [...ordered, ...again]),
  );

const fates = fc.array(
  fc.constantFrom<Fate>(
    'fine',
    'fine',
    'fine',
    'killed before',
    'killed after',
    'answer lost',
    'rate limited',
  ),
  { maxLength: 25 },
);

test.each([
  { canFind: true, says: 'with the history scope no message is ever doubled' },
  { canFind: false, says: 'without it a killed post costs one message at most' },
])(
  'each incident is told, none is lost, each is over in the end and not opened by a replay; $says',
  { timeout: 120_000 },
  async ({ canFind }) => {
    await fc.assert(
      fc.asyncProperty(
        happenings,
        fates,
        fc.infiniteStream(fc.integer({ min: 1, max: 4 })),
        async (list, fate, turns) => {
          const clock = createManualClock();
          const table = createMemoryLedger(() => Number(turns.next().value));
          const incidents = createIncidents(table, clock);
          const { slack, posts, killedAfter } = createSlackInMemory(fate, canFind);
          let holder = 0;
          const invoke = async (input: object): Promise<void> => {
            holder += 1;
            const nothing = (): void => undefined;
            const log = {
              debug: nothing,
              info: nothing,
              warn: nothing,
              error: nothing,
              remember: nothing,
              forget: nothing,
            };
            try {
              await notify(readEvent(input, clock.now()), {
                incidents,
                leases: createLeases(table, clock),
                slack,
                clock,
                log,
                metrics: { counts: nothing },
                holder: String(holder),
                channel: 'C1',
                mention: '',
                routes: [],
                runbookUrl: '',
                acceptEndpointMachineArn: '',
              });
            } catch (error) {
              if (!(error instanceof Killed)) throw error;
            }
          };

          for (let next = 0; next < list.length; next += 10) {
            await Promise.all(list.slice(next, next + 10).map((happening) => invoke(event(happening))));
            clock.advance(30);
            if (next % 20 === 0) await invoke({ tick: true });
          }
          const told = new Set<string>();
          for (let minute = 0; minute < 120; minute += 1) {
            clock.advance(60);
            await invoke({ tick: true });
            if (minute === 0) for (const { key } of (await incidents.list()).incidents) told.add(key);
          }

          expect((await incidents.list()).incidents).toEqual([]);
          // What is delivered once more, hours later, tells nobody anything.
          const before = posts.length;
          for (const happening of list) await invoke(event(happening));
          await invoke({ tick: true });
          expect(posts.length).toBe(before);
          expect((await incidents.list()).incidents).toEqual([]);
          const copies = new Map<string, number>();
          for (const { messageId } of posts) copies.set(messageId, (copies.get(messageId) ?? 0) + 1);
          const extra = [...copies.values()].reduce((sum, count) => sum + count - 1, 0);
          expect(extra).toBeLessThanOrEqual(canFind ? 0 : killedAfter());
          const firsts = posts.filter(({ threadTs }) => threadTs === undefined);
          for (const key of told)
            expect(firsts.some(({ messageId }) => messageId.startsWith(key))).toBe(true);
          // Of two copies only the recorded one is kept up to date.
          const ids = new Set(firsts.map(({ messageId }) => messageId));
          for (const id of ids) {
            const shown = firsts.filter(({ messageId }) => messageId === id).map((post) => post.shown);
            expect(shown.some((text) => text.startsWith('✅'))).toBe(true);
          }
        },
      ),
      { numRuns: 150 },
    );
  },
);
