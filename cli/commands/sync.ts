import type { Command } from '../command.ts';
import { forms } from '../forms.ts';
import { endedInWords, startAndShow, type Told } from '../follow.ts';
import { memberOf } from '../member.ts';

export const sync: Command = {
  name: 'sync',
  summary: 'Starts a sync, follows it and proves its increment.',
  arguments: [{ name: 'connection-id', form: forms.connectionId }],
  answer: endedInWords,
  options: {},
  run: ({ arguments: [connectionId] }, stack, terminal) =>
    startAndShow(stack, terminal, 'run-sync', { connectionId }, tellSync),
};

/** What the output of a run-sync that succeeded comes to: whether its increment arrived. */
export function tellSync(output: unknown): Told {
  const summary = memberOf(memberOf(output, 'verification'), 'summary');
  return { ok: true, text: typeof summary === 'string' && summary !== '' ? `Done. ${summary}` : 'Done.' };
}
