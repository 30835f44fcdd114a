import type { CheckResult, Finding } from '../../shared/contracts/finding.ts';
import type { ReadSyncInput } from '../../shared/contracts/sync.ts';
import { connectionFindings } from '../../shared/rules/connection-findings.ts';
import { summarize } from '../../shared/rules/findings.ts';
import type { ReadSyncDependencies } from './dependencies.ts';

/** What Fivetran says about the connection and its private link, as findings. */
export async function gatherEvidence(
  { connectionId }: Extract<ReadSyncInput, { mode: 'evidence' }>,
  { fivetran }: ReadSyncDependencies,
): Promise<CheckResult> {
  const connection = await fivetran.connections.get(connectionId);
  const findings = connectionFindings(connection);
  if (connection.privateLinkId !== null) {
    const { state, stateSummary, name } = await fivetran.privateLinks.get(connection.privateLinkId);
    findings.push(linkFinding(name, state, stateSummary));
  }
  return summarize(findings);
}

function linkFinding(name: string, state: string, stateSummary: string): Finding {
  const check = 'fivetran.private-link';
  if (state === 'OK') return { check, status: 'ok', summary: `Fivetran's private link ${name} is OK.` };
  return {
    check,
    status: 'blocking',
    summary: `Fivetran's private link ${name} is ${state}${stateSummary === '' ? '' : `: ${stateSummary}`}.`,
    remedy:
      'Look at the endpoint connection on the AWS side: it must be available for the link to become OK.',
  };
}
