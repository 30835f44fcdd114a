import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOnCall, type OnCall } from '../../tests/support/on-call.ts';
import type { NotificationInput } from '../../shared/contracts/notification.ts';

// Storms of other things than failed syncs: of warnings, of what is no emergency, of requests that wait for a decision.

let onCall: OnCall;

beforeEach(async () => {
  onCall = await startOnCall();
});
afterEach(() => onCall.stop());

const send = async (
  count: number,
  about: (index: number) => Partial<NotificationInput>,
  more: Partial<NotificationInput> = {},
): Promise<void> => {
  for (let index = 0; index < count; index += 1) await onCall.send({ ...about(index), ...more });
};
const storm = () => onCall.top().find(({ text }) => text.includes(' × '));
const replies = (): string[] => onCall.replies(storm()).map(({ text }) => text);
/** Lets hours pass, with a tick every ten minutes. */
const hours = async (count: number): Promise<void> => {
  for (let tick = 0; tick < count * 6; tick += 1) {
    onCall.clock.advance(9 * 60);
    await onCall.tick();
  }
};
const calls = (): string[] => replies().filter((text) => text.startsWith('🚨'));

const overdue = (index: number): Partial<NotificationInput> => ({
  kind: 'sync-overdue',
  severity: 'warning',
  subject: { type: 'connection', id: `tenant_${String(index)}`, name: `tenant_${String(index)}_pg` },
  summary: `The last sync of tenant_${String(index)}_pg succeeded at 2026-11-02T0${String(index)}:00:00Z.`,
});

test('a storm of warnings is one, by its sign and its words, is escalated once, and says that it is over', async () => {
  await send(9, overdue);
  await onCall.tick(2);
  expect(storm()?.text).toBe('🟠 6 × sync overdue');
  await hours(12);
  expect(calls()).toEqual([
    expect.stringMatching(
      /^🚨 Still going on after 1 h( \d+ min)?, 6 of 6: 6 × sync overdue {2}<!subteam\^S0ONCALL>$/,
    ),
  ]);
  await send(9, overdue, { phase: 'resolved', scope: 'all', summary: '' });
  await onCall.tick();
  expect(storm()?.text).toMatch(/^✅ Resolved after 12 h.*: 6 × sync overdue$/);
});

test('a storm of what is no emergency calls nobody again', async () => {
  await send(9, (index) => ({
    kind: 'source-trouble-ahead',
    severity: 'warning',
    subject: { type: 'source', id: `postgres/tenant_${String(index)}`, name: `tenant_${String(index)}_pg` },
    summary: 'public.rental: 12,000 rows wait for the next sync.',
  }));
  await hours(8);
  expect(storm()?.text).toBe('🟠 6 × public.rental: 12,000 rows wait for the next sync.');
  expect(calls()).toEqual([]);
});

const held = (index: number): Partial<NotificationInput> => {
  const heldEndpoint = {
    serviceId: 'vpce-svc-0123456789abcdef0',
    endpointId: `vpce-0fedcba987654321${String(index)}`,
    ownerAccount: '999988887777',
  };
  return {
    kind: 'endpoint-held',
    severity: 'warning',
    subject: { type: 'endpoint', id: heldEndpoint.endpointId },
    summary: `${heldEndpoint.endpointId} of account 999988887777 asks to connect and is not Fivetran's`,
    heldEndpoint,
  };
};

test('a storm of endpoint requests has the command for each, and reminds of them until all are decided', async () => {
  await send(9, held);
  await onCall.tick(2);
  expect(storm()?.text).toBe('🟠 6 × endpoint request held');
  const list = replies()[0] ?? '';
  for (let index = 3; index < 9; index += 1) {
    expect(list).toContain(
      `npx fivetran-privatelink reject vpce-svc-0123456789abcdef0 vpce-0fedcba987654321${String(index)} `,
    );
  }
  await hours(14);
  expect(calls()).toEqual([
    expect.stringContaining('Still going on after 1 h'),
    expect.stringContaining('Still going on after 7 h'),
    expect.stringContaining('Still going on after 13 h'),
  ]);
  await send(9, held, { phase: 'resolved', scope: 'all', summary: '' });
  await hours(8);
  expect(storm()?.text).toMatch(/^✅/);
  expect(calls()).toHaveLength(3);
});
