import type { Command, Given } from '../command.ts';
import { startAndShow } from '../follow.ts';

const why = {
  by: {
    type: 'string',
    value: 'name',
    description: 'who decides; kept in the ledger and on the tags',
    required: true,
  },
  reason: { type: 'string', value: 'sentence', description: 'why', required: true },
} as const;

const signed = (options: Given['options']): Record<string, unknown> => ({
  approvedBy: options.by,
  reason: options.reason,
});

/** A person's decision about one endpoint, as the machine accept-endpoint takes it. */
function aboutEndpoint(action: 'accept' | 'reject' | 'adopt', summary: string): Command {
  return {
    name: action,
    summary,
    arguments: ['service-id', 'endpoint-id'],
    options: {
      owner: {
        type: 'string',
        value: 'account',
        description: "the endpoint's owner, repeated: proof that you looked at it",
        required: true,
      },
      ...why,
    },
    run: ({ arguments: [serviceId, endpointId], options }, stack, terminal) =>
      startAndShow(stack, terminal, 'accept-endpoint', {
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
  arguments: ['service-id'],
  options: { days: { type: 'string', value: '1-7', description: 'for how many days (default 7)' }, ...why },
  run: ({ arguments: [serviceId], options }, stack, terminal) =>
    startAndShow(stack, terminal, 'accept-endpoint', {
      action: 'expect',
      serviceId,
      ...(options.days === undefined ? {} : { days: Number(options.days) }),
      ...signed(options),
    }),
};

export const withdraw: Command = {
  name: 'withdraw',
  summary: 'Takes a recorded expectation back.',
  arguments: ['service-id', 'expectation-id'],
  options: why,
  run: ({ arguments: [serviceId, expectationId], options }, stack, terminal) =>
    startAndShow(stack, terminal, 'accept-endpoint', {
      action: 'withdraw',
      serviceId,
      expectationId,
      ...signed(options),
    }),
};
