import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EndpointCheck } from '../../shared/contracts/endpoint-decision.ts';
import { describeRivals, judgeEndpoint } from '../../shared/rules/endpoint-state.ts';
import { secondsSince, waitSecondsAfter } from '../../shared/rules/endpoint-waiting.ts';

/**
 * The present state of an endpoint connection, as outcome and finding; with `since`, which somebody gives who waits
 * for its proof, also who else asks for the same service.
 */
export async function checkEndpoint(
  input: { serviceId: string; endpointId: string; since?: string | undefined },
  { privateLink, clock }: { privateLink: PrivateLink; clock: Clock },
): Promise<EndpointCheck> {
  const { endpointId } = input;
  const listed = await privateLink.connections(
    [input.serviceId],
    input.since === undefined ? endpointId : undefined,
  );
  const connection = listed.find((candidate) => candidate.endpointId === endpointId);
  const elapsedSeconds = input.since === undefined ? 0 : secondsSince(input.since, clock.now());
  return {
    ...judgeEndpoint(connection, endpointId, input.since === undefined ? undefined : elapsedSeconds),
    elapsedSeconds,
    waitSeconds: waitSecondsAfter(elapsedSeconds),
    rivals: describeRivals(listed, endpointId),
  };
}
