import { expect } from '../expectation.ts';
import type { SlackMessage } from '../../slack/slack.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';
import { Connection } from './fivetran-answers.ts';

/** Beyond this many changed rows of one table between two syncs, Teleport Sync fails. */
const teleportLimit = 15_000;

export const failure: Scenario<Stage> = {
  title: 'A sync fails, on-call learns why, and hears when it is over',
  steps: [
    {
      title: 'Too many rentals change at once',
      acts: true,
      expectation: `More than ${teleportLimit.toLocaleString('en')} rows of rental change between two syncs.`,
      run: async ({ database }) => {
        const { rowCount } = await database.query(
          `UPDATE rental SET return_date = return_date + interval '1 minute'`,
        );
        expect((rowCount ?? 0) > teleportLimit, `more than ${teleportLimit} changed rows`, String(rowCount));
        return `${(rowCount ?? 0).toLocaleString('en')} rows changed.`;
      },
    },
    {
      title: 'Fivetran’s own sync fails',
      expectation: 'A sync that we did not start ends in a Teleport Sync Error.',
      run: ({ stack, fivetran, eventually, notes }) => {
        const path = `/v1/connections/${notes.get('connectionId')}`;
        stack.fivetran.comeDue(notes.get('connectionId'));
        return eventually('a failed sync', 15_000, async () => {
          const { data } = await fivetran(Connection, `GET ${path}`);
          const tasks = data.status.tasks.map(({ code, message }) => `${code}: ${message}`).join('; ');
          if (data.failed_at === null) return { met: false, seen: data.status.sync_state };
          notes.set('failedAt', data.failed_at);
          return { met: true, value: tasks };
        });
      },
    },
    {
      title: 'On-call is told, with the cause',
      expectation:
        'Fivetran’s webhook leads to one Slack message that names the connection, the error and the table.',
      run: ({ slack, eventually, notes }) =>
        eventually('a Slack message about the Teleport Sync Error', 25_000, async () => {
          const messages = await slack();
          const alert = messages.find(
            (message) =>
              Date.parse(message.postedAt) >= Date.parse(notes.get('failedAt')) &&
              ['Teleport', 'rental', notes.get('connectionName')].every((word) =>
                textOf(message).includes(word),
              ),
          );
          if (alert === undefined) return { met: false, seen: titlesOf(messages) };
          notes.set('alertTs', alert.ts);
          return { met: true, value: alert.text };
        }),
    },
    {
      title: 'The next sync recovers',
      expectation: 'Fivetran copies the table anew and succeeds.',
      run: ({ stack, fivetran, eventually, notes }) => {
        const path = `/v1/connections/${notes.get('connectionId')}`;
        stack.fivetran.comeDue(notes.get('connectionId'));
        return eventually('a sync that succeeded after the failure', 20_000, async () => {
          const { data } = await fivetran(Connection, `GET ${path}`);
          const seen = `succeeded at ${data.succeeded_at ?? 'never'}, failed at ${data.failed_at ?? 'never'}`;
          const recovered = Date.parse(data.succeeded_at ?? '') > Date.parse(notes.get('failedAt'));
          return recovered ? { met: true, value: `${seen}.` } : { met: false, seen };
        });
      },
    },
    {
      title: 'The message is taken back',
      expectation: 'The same Slack message is edited: resolved, and for how long it lasted.',
      run: ({ slack, eventually, notes }) =>
        eventually('the alert to be edited to resolved', 20_000, async () => {
          const alert = (await slack()).find(({ ts }) => ts === notes.get('alertTs'));
          const seen = alert === undefined ? 'no such message' : alert.text;
          return alert?.editedAt !== undefined && /resolved|over after/i.test(textOf(alert))
            ? { met: true, value: seen }
            : { met: false, seen };
        }),
    },
  ],
};

function textOf({ text, blocks }: SlackMessage): string {
  return `${text} ${JSON.stringify(blocks ?? [])}`;
}

function titlesOf(messages: SlackMessage[]): string {
  return messages.length === 0 ? 'no message' : messages.map(({ text }) => `“${text}”`).join(', ');
}
