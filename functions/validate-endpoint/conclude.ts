import type { EndpointDecision, Order, Reason } from '../../shared/contracts/endpoint-decision.ts';
import type { EndpointConnection } from '../../shared/contracts/endpoint.ts';
import type { Finding } from '../../shared/contracts/finding.ts';
import { verdictOf, wordDecision } from '../../shared/rules/endpoint-decision.ts';

/** The decision that the reasons come to, in the words of the alert about it. */
export function conclude(parts: {
  reasons: readonly Reason[];
  targets?: readonly Finding[];
  request: { serviceId: string; endpointId: string };
  connection?: EndpointConnection | undefined;
  /** Kept only when nothing stands against it. */
  order?: Order | undefined;
  waitSeconds: number;
}): EndpointDecision {
  const { connection } = parts;
  const decision = verdictOf(parts.reasons);
  const ownerAccount = connection?.ownerAccount ?? '';
  return {
    decision,
    ...(decision === 'act' && parts.order !== undefined ? { order: parts.order } : {}),
    ...wordDecision(parts.reasons, parts.targets ?? [], {
      ...parts.request,
      ownerAccount,
      order: parts.order,
    }),
    facts:
      connection === undefined
        ? []
        : [
            { label: 'Owner account', value: ownerAccount },
            { label: 'Asked at', value: connection.createdAt },
            { label: 'Region', value: connection.region },
            { label: 'Service', value: connection.serviceId },
          ],
    ownerAccount,
    repeated: false,
    waitSeconds: parts.waitSeconds,
  };
}
