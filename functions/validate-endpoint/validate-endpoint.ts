import type { EndpointDecision } from '../../shared/contracts/endpoint-decision.ts';
import { InvalidInputError } from '../../shared/errors.ts';
import { decideByHand, decideRecord } from './decide-by-hand.ts';
import { decideRequest } from './decide-request.ts';
import type { Dependencies, Question } from './question.ts';

/**
 * Decides about a request to connect, or prepares what a person ordered. Everything is read anew; nothing but the
 * ledger's note of this look is changed.
 *
 * @throws InvalidInputError when the service or the repeated owner is not what EC2 says
 */
export async function validateEndpoint(
  question: Question,
  dependencies: Dependencies,
): Promise<EndpointDecision> {
  const { request } = question;
  const service = await dependencies.privateLink.service(request.serviceId);
  if (service === undefined) {
    throw new InvalidInputError(
      `serviceId: this account and Region have no endpoint service ${request.serviceId}.`,
    );
  }
  if ('action' in request) {
    if (request.action === 'expect' || request.action === 'withdraw') {
      return decideRecord(request, service);
    }
    if (request.action !== 'accept') return decideByHand(question, request, service, dependencies);
  }
  return decideRequest(question, request, service, dependencies);
}
