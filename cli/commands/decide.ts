import { ExpectedDays } from '../../shared/contracts/endpoint-decision.ts';
import type { Command, Given } from '../command.ts';
import { forms, numberForm } from '../forms.ts';
import { endedInWords, startAndShow, type Told } from '../follow.ts';
import { memberOf } from '../member.ts';
import type { Stack } from '../stack.ts';
import type { Terminal } from '../terminal.ts';

const why = {
  by: {
    type: 'string',
    value: 'name',
    description: 'who decides; kept in the ledger and on the tags',
    required: true,
  },
  reason: { type: 'string', value: 'sentence', description: 'why', required: true },
} as const;

const service = { name: 'service-id', form: forms.serviceId } as const;

const signed = (options: Given['options']): Record<string, unknown> => ({
  approvedBy: options.by,
  reason: options.reason,
});

const decide = (stack: Stack, terminal: Terminal, order: Record<string, unknown>) =>
  startAndShow(stack, terminal, 'accept-endpoint', order, toldOf);

/** What became of an order, in the machine's words: it may find that there is nothing to do, or that it may not. */
function toldOf(output: unknown): Told {
  const acceptance = memberOf(output, 'acceptance');
  const isDone = acceptance !== undefined && memberOf(acceptance, 'outcome') !== 'held';
  const said = acceptance ?? memberOf(output, 'decision');
  const words = [memberOf(said, 'summary'), isDone ? '' : memberOf(said, 'remedy')];
  const text = words.filter((part) => typeof part === 'string' && part !== '').join(' ');
  return { ok: isDone, text: isDone ? text : `Not done. ${text}` };
}

/** A person's decision about one endpoint, as the machine accept-endpoint takes it. */
function aboutEndpoint(action: 'accept' | 'reject' | 'adopt', summary: string): Command {
  return {
    name: action,
    summary,
    arguments: [service, { name: 'endpoint-id', form: forms.endpointId }],
    answer: endedInWords,
    options: {
      owner: {
        type: 'string',
        value: 'account',
        description: "the endpoint's owner, repeated: proof that you looked at it",
        required: true,
        form: forms.account,
      },
      ...why,
    },
    run: ({ arguments: [serviceId, endpointId], options }, stack, terminal) =>
      decide(stack, terminal, {
        action,
        serviceId,
        endpointId,
        ownerAccount: options.owner,
        ...signed(options),
      }),
  };
}

export const accept = aboutEndpoint('accept', 'Accepts a held endpoint connection request.');
export const reject = aboutEndpoint('reject', 'Rejects a request, or cuts an accepted endpoint off.');
export const adopt = aboutEndpoint(
  'adopt',
  'Vouches for an endpoint that was accepted before this stack managed its service.',
);

export const expect: Command = {
  name: 'expect',
  summary: "Records that one endpoint of Fivetran's will come, for a link that Fivetran's staff set up.",
  arguments: [service],
  answer: endedInWords,
  options: {
    days: {
      type: 'string',
      value: '1-7',
      description: 'for how many days (default 7)',
      form: numberForm(ExpectedDays, 'be a whole number from 1 to 7'),
    },
    ...why,
  },
  run: ({ arguments: [serviceId], options }, stack, terminal) =>
    decide(stack, terminal, {
      action: 'expect',
      serviceId,
      ...(options.days === undefined ? {} : { days: Number(options.days) }),
      ...signed(options),
    }),
};

export const withdraw: Command = {
  name: 'withdraw',
  summary: 'Takes a recorded expectation back.',
  arguments: [service, { name: 'expectation-id' }],
  answer: endedInWords,
  options: why,
  run: ({ arguments: [serviceId, expectationId], options }, stack, terminal) =>
    decide(stack, terminal, {
      action: 'withdraw',
      serviceId,
      expectationId,
      ...signed(options),
    }),
};
