import type { Command } from '../command.ts';
import { startAndShow } from '../follow.ts';
import { memberOf } from '../member.ts';

export const sync: Command = {
  name: 'sync',
  summary: 'Starts a sync, follows it and proves its increment.',
  arguments: ['connection-id'],
  options: {},
  run: ({ arguments: [connectionId] }, stack, terminal) =>
    startAndShow(stack, terminal, 'run-sync', { connectionId }, (output) => {
      const summary = memberOf(memberOf(output, 'verification'), 'summary');
      return { ok: true, text: typeof summary === 'string' && summary !== '' ? `Done. ${summary}` : 'Done.' };
    }),
};
