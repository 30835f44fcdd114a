import { expect, test } from 'vitest';
import { renderIncident } from './incident-message.ts';
import { applyReport } from './incident.ts';

const now = new Date('2026-11-02T10:00:00.000Z');

test('what the headline says already is not repeated as evidence', () => {
  const stranger = 'vpce-1 belongs to AWS account 1, which is not Fivetran’s.';
  const held = applyReport(
    undefined,
    {
      phase: 'problem',
      id: '1',
      at: now.toISOString(),
      subject: { type: 'endpoint', id: 'vpce-1', name: '' },
      kind: 'endpoint-held',
      severity: 'warning',
      summary: `${stranger} 1 more reason stands against it.`,
      since: now.toISOString(),
      content: {
        facts: [],
        evidence: [
          { check: 'owner', status: 'blocking', summary: stranger },
          { check: 'claim', status: 'blocking', summary: 'No claim of ours covers the request.' },
        ],
        notChecked: [],
        links: [],
      },
    },
    now,
  )!;
  const { blocks } = renderIncident(held, { mention: '', runbookUrl: '', acceptEndpointMachineArn: '', now });
  expect(JSON.stringify(blocks)).toContain('*Evidence*\\n✖ No claim of ours covers the request."');
});
