import { describe, expect, test } from 'vitest';
import type { Incident, Severity, Storm } from '../contracts/incident.ts';
import { applyReport } from './incident.ts';
import { renderStorm, renderStormLists } from './storm-message.ts';

const openedAt = '2026-11-02T10:00:00.000Z';
const surroundings = {
  mention: '<!here>',
  runbookUrl: '',
  acceptEndpointMachineArn:
    'arn:aws:states:us-east-1:111122223333:stateMachine:fivetran-privatelink-dev-accept-endpoint',
  now: new Date(openedAt),
};
const storm: Storm = {
  key: 'storm#1',
  channel: 'C1',
  status: 'open',
  openedAt,
  joinedAt: openedAt,
  shown: '',
  listed: 0,
  closed: false,
};

let made = 0;
/** So many incidents of the same kind; `summary` makes its words of a name. */
function many(
  count: number,
  kind: string,
  severity: Severity,
  summary: (name: string) => string,
  more: object = {},
): Incident[] {
  return Array.from({ length: count }, () => {
    made += 1;
    const name = `tenant_${String(made)}_pg`;
    const at = openedAt;
    return applyReport(
      undefined,
      {
        phase: 'problem',
        id: name,
        at,
        subject: { type: 'connection', id: `id_${String(made)}`, name },
        kind,
        severity,
        summary: summary(name),
        since: at,
        content: { facts: [], evidence: [], notChecked: [], links: [], ...more },
      },
      new Date(at),
    )!;
  });
}
const failed = (count: number, why: string, more?: object): Incident[] =>
  many(count, 'sync-failed', 'critical', (name) => `sync of ${name} failed: ${why}`, more);
const paused = (count: number): Incident[] =>
  many(
    count,
    'connection-paused',
    'warning',
    (name) => `The connection ${name} was paused; it stands still.`,
  );
const over = (members: Incident[]): Incident[] =>
  members.map((member) => ({ ...member, recoveries: [{ scope: 'all', at: openedAt }] }));

const disk = 'the disk is full';
const headline = (members: Incident[]): string => renderStorm(storm, members, surroundings).text;

describe('the headline says what is in the storm', () => {
  test.each<[string, Incident[], string]>([
    ['failures with one cause', failed(47, disk), '🔴 47 × sync failed: the disk is full'],
    ['warnings alone', paused(12), '🟠 12 × connection paused'],
    [
      'failures and warnings, the failures first however few they are',
      [...paused(30), ...failed(7, disk)],
      '🔴 7 × sync failed: the disk is full, 30 × connection paused',
    ],
    [
      'two causes',
      [...failed(3, 'the server is starting'), ...failed(5, disk)],
      '🔴 5 × sync failed: the disk is full, 3 × sync failed: the server is starting',
    ],
    [
      'more than two, of which the rest is counted',
      [...failed(5, disk), ...failed(3, 'a'), ...failed(2, 'b'), ...paused(4)],
      '🔴 5 × sync failed: the disk is full, 3 × sync failed: a, 6 more',
    ],
    [
      'warnings that are left when the failures are over',
      [...over(failed(7, disk)), ...paused(3)],
      '🟠 7 × sync failed: the disk is full, 3 × connection paused',
    ],
    [
      'executions that died',
      many(8, 'execution-failed', 'critical', () => 'run-sync ran out of time'),
      '🔴 8 × run-sync ran out of time',
    ],
    [
      'what is known by a finding of its own',
      many(6, 'sync-failed', 'critical', (name) => `${name}: Fivetran has no such connection`),
      '🔴 6 × Fivetran has no such connection',
    ],
  ])('%s', (_, members, said) => {
    expect(headline(members)).toBe(said);
  });

  test('and what it was, when it is over', () => {
    const ended = { ...storm, status: 'resolved' as const, resolvedAt: '2026-11-02T10:31:00.000Z' };
    expect(renderStorm(ended, over(failed(47, disk)), surroundings).text).toBe(
      '✅ Resolved after 31 min: 47 × sync failed: the disk is full',
    );
  });

  test('in at most 150 characters, each cause cut before the numbers are', () => {
    const text = headline([...failed(5, 'x'.repeat(200)), ...failed(3, 'y'.repeat(200)), ...paused(9)]);
    expect(text.length).toBeLessThanOrEqual(150);
    expect(text).toMatch(/^🔴 5 × sync failed: x+…, 3 × sync failed: y+…, 9 more$/);
  });
});

test('a remedy says whom it is about, where it is not about all', () => {
  const shown = (members: Incident[]): string =>
    JSON.stringify(renderStorm(storm, members, surroundings).blocks);
  const remedied = failed(6, disk, { remedy: 'Free storage.' });
  expect(shown(remedied)).toContain('*Do this*\\nFree storage.');
  expect(shown([...remedied, ...paused(2)])).toContain(
    '*Do this* about the 6 that come first\\nFree storage.',
  );
  expect(shown(paused(6))).not.toContain('Do this');
});

test('requests that wait for a decision are listed with who asks and the command to reject each', () => {
  const heldEndpoint = {
    serviceId: 'vpce-svc-0123456789abcdef0',
    endpointId: 'vpce-0fedcba9876543210',
    ownerAccount: '999988887777',
  };
  const held = many(6, 'endpoint-held', 'warning', () => 'no claim explains it', { heldEndpoint });
  const [text] = renderStormLists(held, surroundings);
  expect(text).toMatch(/^\*no claim explains it\* \(6\)\n/);
  expect(text).toContain('tenant_');
  expect(text).toContain(
    "asked by AWS account 999988887777:\n`npx fivetran-privatelink reject vpce-svc-0123456789abcdef0 vpce-0fedcba9876543210 --owner 999988887777 --by 'YOUR NAME' --reason 'WHY' --stage dev --region us-east-1`",
  );
  const forged = { ...heldEndpoint, serviceId: "'; rm -rf /" };
  const [other] = renderStormLists(
    many(6, 'endpoint-held', 'warning', () => 'no claim explains it', { heldEndpoint: forged }),
    surroundings,
  );
  expect(other).not.toContain('reject');
});
