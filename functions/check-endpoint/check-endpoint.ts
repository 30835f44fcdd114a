import type { PrivateLink } from '../../shared/clients/privatelink/privatelink.ts';
import type { Clock } from '../../shared/clock.ts';
import type { EndpointCheck } from '../../shared/contracts/endpoint-decision.ts';
import { judgeEndpoint } from '../../shared/rules/endpoint-state.ts';
import { secondsSince, waitSecondsAfter } from '../../shared/rules/endpoint-waiting.ts';

/** The present state of an endpoint connection, as outcome and finding. */
export async function checkEndpoint(
  input: { serviceId: string; endpointId: string; since?: string | undefined },
  { privateLink, clock }: { privateLink: PrivateLink; clock: Clock },
): Promise<EndpointCheck> {
  const [connection] = await privateLink.connections([input.serviceId], input.endpointId);
  const elapsedSeconds = input.since === undefined ? 0 : secondsSince(input.since, clock.now());
  return {
    ...judgeEndpoint(connection, input.endpointId),
    elapsedSeconds,
    waitSeconds: waitSecondsAfter(elapsedSeconds),
  };
}
