import type { Command } from '../command.ts';
import { memberOf } from '../member.ts';

export const webhook: Command = {
  name: 'webhook',
  summary: "Registers Fivetran's webhook to this stack, or repairs it.",
  arguments: [],
  answer: 'outcome (created, repaired, found), webhookId, url and summary',
  options: {
    'resend-secret': {
      type: 'boolean',
      description: 'give Fivetran the signing secret anew, after a rotation',
    },
  },
  async run({ options }, stack, terminal) {
    const answer = await stack.invoke('ensureWebhook', { resendSecret: options['resend-secret'] === true });
    terminal.line(String(memberOf(answer, 'summary')));
    return { ok: true, answer };
  },
};
