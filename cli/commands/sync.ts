import type { Command } from '../command.ts';
import { startAndShow } from '../follow.ts';
import { memberOf } from '../member.ts';

export const sync: Command = {
  name: 'sync',
  summary: 'Starts a sync, follows it and proves its increment.',
  arguments: ['connection-id'],
  options: {},
  async run({ arguments: [connectionId] }, stack, terminal) {
    const { ok, answer } = await startAndShow(stack, terminal, 'run-sync', { connectionId });
    const summary = memberOf(memberOf(answer.output, 'verification'), 'summary');
    if (typeof summary === 'string' && summary !== '') terminal.line(summary);
    return { ok, answer };
  },
};
