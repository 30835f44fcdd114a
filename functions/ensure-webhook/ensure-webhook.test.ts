import { describe, expect, test } from 'vitest';
import { createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { ensureWebhook } from './ensure-webhook.ts';

const url = 'https://example.com/fivetran';

function world() {
  const fivetran = createFivetranDouble(createManualClock());
  return {
    fivetran,
    ensure: (resendSecret = false) =>
      ensureWebhook({ resendSecret }, { fivetran, url, secret: () => Promise.resolve('the secret') }),
  };
}

describe('the webhook', () => {
  test('is created when there is none, and only once', async () => {
    const { ensure, fivetran } = world();
    expect((await ensure()).outcome).toBe('created');
    expect((await ensure()).outcome).toBe('found');
    expect(fivetran.sent).toEqual([{ url, events: ['sync_start', 'sync_end'], secret: 'the secret' }]);
  });

  test('is switched on again when Fivetran has switched it off', async () => {
    const { ensure, fivetran } = world();
    await ensure();
    fivetran.registered[0]!.active = false;
    expect((await ensure()).outcome).toBe('repaired');
    expect(fivetran.registered[0]!.active).toBe(true);
  });

  test('gets the events that it lacks and keeps those that somebody added', async () => {
    const { ensure, fivetran } = world();
    fivetran.registered.push({
      id: 'w_9',
      type: 'account',
      url,
      events: ['pause_connector', 'sync_end'],
      active: true,
    });
    expect((await ensure()).outcome).toBe('repaired');
    expect(fivetran.sent).toMatchObject([{ events: ['pause_connector', 'sync_end', 'sync_start'] }]);
  });

  test('is given a rotated secret on request', async () => {
    const { ensure, fivetran } = world();
    await ensure();
    expect((await ensure(true)).outcome).toBe('repaired');
    expect(fivetran.sent.at(-1)).toMatchObject({ secret: 'the secret', active: true });
  });
});
