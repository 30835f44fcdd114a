import type { EndpointCheck } from '../contracts/endpoint-decision.ts';
import type { EndpointConnection } from '../contracts/endpoint.ts';
import type { Finding } from '../contracts/finding.ts';
import { visibilitySeconds } from './endpoint-waiting.ts';

const check = 'endpoint.state';

/**
 * What the state of an endpoint connection means for the path.
 *
 * @param waitedSeconds how long somebody who knows that it is there has been waiting for it
 */
export function judgeEndpoint(
  connection: EndpointConnection | undefined,
  endpointId: string,
  waitedSeconds: number = visibilitySeconds,
): Pick<EndpointCheck, 'outcome' | 'state' | 'findings'> {
  if (connection === undefined && waitedSeconds < visibilitySeconds) {
    return underway('not listed', {
      summary: `EC2 does not list the endpoint ${endpointId} yet.`,
      remedy: 'Wait; EC2 shows changes with a delay.',
    });
  }
  if (connection === undefined) {
    return ended('gone', {
      summary: `The endpoint ${endpointId} no longer exists.`,
      remedy: 'Let Fivetran create its endpoint again (run connect-source, or edit the private link).',
    });
  }
  const { state, wireState } = connection;
  switch (state) {
    case 'available':
      return {
        outcome: 'available',
        state: wireState,
        findings: [{ check, status: 'ok', summary: `The endpoint ${endpointId} is available.` }],
      };
    case 'pending':
      return underway(wireState, {
        // EC2 goes back to pending when the consumer changes the endpoint; that heals by itself.
        summary: `The endpoint ${endpointId} is being set up or changed by its owner (pending).`,
        remedy: 'Wait; this takes minutes.',
      });
    case 'pendingAcceptance':
      return underway(wireState, {
        summary: `The endpoint ${endpointId} waits for acceptance.`,
        remedy: 'See why the request is held; nothing flows before it is accepted.',
      });
    case 'rejected':
      return ended(wireState, {
        summary: `The endpoint ${endpointId} was rejected on our side.`,
        remedy:
          'If that was a mistake, let Fivetran create its endpoint again: a rejected one does not come back.',
      });
    case 'deleting':
    case 'deleted':
      return ended(wireState, {
        summary: `The endpoint ${endpointId} was deleted by its owner.`,
        remedy: 'Let Fivetran create its endpoint again (run connect-source, or edit the private link).',
      });
    case 'expired':
      return ended(wireState, {
        summary: `The request of ${endpointId} expired before it was accepted.`,
        remedy: 'Let Fivetran create its endpoint again.',
      });
    case 'failed':
      return ended(wireState, {
        summary: `AWS could not set up the endpoint ${endpointId} (failed).`,
        remedy: 'Let Fivetran create its endpoint again; ask AWS support if it fails again.',
      });
    case 'unknown':
      return underway(wireState, {
        summary: `The endpoint ${endpointId} is in a state that is not known here ("${wireState}").`,
        remedy: 'Look at it in the VPC console under Endpoint services.',
      });
  }
}

type Words = Required<Pick<Finding, 'summary' | 'remedy'>>;

const ended = (state: string, words: Words): ReturnType<typeof judgeEndpoint> => ({
  outcome: 'gone',
  state,
  findings: [{ check, status: 'blocking', ...words }],
});

const underway = (state: string, words: Words): ReturnType<typeof judgeEndpoint> => ({
  outcome: 'pending',
  state,
  findings: [{ check, status: 'warning', ...words }],
});

const mostNamed = 5;

/** A sentence, with a space before it, that names the other endpoints that ask for acceptance; empty without any. */
export function describeRivals(connections: readonly EndpointConnection[], endpointId: string): string {
  const asking = connections.filter(
    (connection) => connection.state === 'pendingAcceptance' && connection.endpointId !== endpointId,
  );
  if (asking.length === 0) return '';
  const named = asking
    .slice(0, mostNamed)
    .map((connection) => `${connection.endpointId} of account ${connection.ownerAccount}`);
  const more = asking.length > mostNamed ? ` and ${String(asking.length - mostNamed)} more` : '';
  return ` Asking for the same service: ${named.join(', ')}${more}.`;
}
