import { describe, expect, test } from 'vitest';
import { createSyncs } from '../../shared/clients/ledger/syncs.ts';
import type { ConnectSourceRequest } from '../../shared/contracts/setup.ts';
import { FivetranRequestError } from '../../shared/errors.ts';
import { connectionOf, createFivetranDouble } from '../../tests/support/fivetran-double.ts';
import { createManualClock } from '../../tests/support/manual-clock.ts';
import { createMemoryLedger } from '../../tests/support/memory-ledger.ts';
import { silentLog } from '../../tests/support/silent-log.ts';
import { ensureConnection } from './ensure-connection.ts';

const request: ConnectSourceRequest = {
  source: 'postgres',
  groupId: 'projected_sickle',
  schemaPrefix: 'dvdrental',
  service: 'postgres',
  updateMethod: 'TELEPORT',
  destinationSchemaNames: 'FIVETRAN_NAMING',
};

function world(connections = [] as ReturnType<typeof connectionOf>[]) {
  const clock = createManualClock();
  const fivetran = createFivetranDouble(clock, connections);
  const role = { user: 'fivetran', password: 'pw-1', port: 5433, database: 'dvd', versionId: 'v1' };
  const syncs = createSyncs(createMemoryLedger(), clock);
  const dependencies = { fivetran, syncs, roleOf: () => Promise.resolve({ ...role }), log: silentLog };
  return {
    fivetran,
    syncs,
    role,
    ensure: (change: Partial<ConnectSourceRequest> = {}) =>
      ensureConnection(
        {
          mode: 'ensure',
          request: { ...request, ...change },
          privateLinkId: 'pl_1',
          host: 'vpce-1.example.com',
        },
        dependencies,
      ),
    carryOver: () =>
      ensureConnection(
        { mode: 'credentials', connectionId: 'assimilate_seem', source: 'postgres' },
        dependencies,
      ),
  };
}
const refusal = (message: string) => new FivetranRequestError(message, { status: 400, code: 'InvalidInput' });

describe('the connection of a source', () => {
  test('is created through its private link, with the role of its secret', async () => {
    const { ensure, fivetran, syncs } = world();
    expect(await ensure()).toMatchObject({ outcome: 'created', connectionId: 'new_one', fellBack: false });
    expect(fivetran.sent).toEqual([
      {
        groupId: 'projected_sickle',
        service: 'postgres',
        schemaPrefix: 'dvdrental',
        privateLinkId: 'pl_1',
        host: 'vpce-1.example.com',
        port: 5433,
        database: 'dvd',
        user: 'fivetran',
        password: 'pw-1',
        updateMethod: 'TELEPORT',
        destinationSchemaNames: 'FIVETRAN_NAMING',
      },
    ]);
    expect((await syncs.state('new_one')).sentRole).toEqual({ source: 'postgres', versionId: 'v1' });
  });

  test('is created once, however often it is asked for', async () => {
    const { ensure, fivetran } = world();
    await ensure();
    expect(await ensure()).toMatchObject({ outcome: 'found', connectionId: 'new_one' });
    expect(fivetran.calls.filter((call) => call === 'connections.create')).toHaveLength(1);
  });

  test('is created with another update method when Fivetran refuses the configured one, and says so', async () => {
    const { ensure, fivetran } = world();
    fivetran.refusals.push(refusal("Fivetran refused: Field 'update_method' has an invalid value TELEPORT"));
    expect(await ensure()).toMatchObject({
      outcome: 'created',
      updateMethod: 'QUERY_BASED',
      fellBack: true,
      summary: expect.stringContaining('no longer takes TELEPORT') as unknown,
    });
  });

  test.each([
    ['another field is refused', 'TELEPORT', "Fivetran refused: Field 'port' is invalid"],
    [
      'there is no method to fall back to',
      'WAL_PGOUTPUT',
      "Field 'update_method': WAL_PGOUTPUT needs a slot",
    ],
  ] as const)('is not created when %s', async (_why, updateMethod, message) => {
    const { ensure, fivetran } = world();
    fivetran.refusals.push(refusal(message));
    await expect(ensure({ updateMethod })).rejects.toThrow(message);
  });

  test('is brought back to its private link and role', async () => {
    const { ensure, fivetran } = world([connectionOf({ privateLinkId: 'pl_old' })]);
    expect(await ensure()).toMatchObject({ outcome: 'updated' });
    expect(fivetran.sent).toEqual([
      {
        networking: { privateLinkId: 'pl_1' },
        config: { host: 'vpce-1.example.com', user: 'fivetran', password: 'pw-1' },
      },
    ]);
  });

  test('keeps a host that Fivetran has rewritten, and its update method', async () => {
    const { ensure, fivetran } = world([
      connectionOf({
        host: 'rewritten.example.com',
        updateMethod: 'QUERY_BASED',
        networkingMethod: 'UnmanagedPrivateLink',
      }),
    ]);
    expect(await ensure()).toMatchObject({ outcome: 'updated', updateMethod: 'QUERY_BASED' });
    expect(fivetran.sent).toEqual([
      { networking: { privateLinkId: 'pl_1' }, config: { user: 'fivetran', password: 'pw-1' } },
    ]);
  });

  test('of another service under the same name is left alone', async () => {
    const { ensure, fivetran } = world([connectionOf({ service: 'aurora_postgres' })]);
    await expect(ensure()).rejects.toThrow(/choose another schemaPrefix, or correct service/);
    expect(fivetran.sent).toEqual([]);
  });

  test('is not created without a host', async () => {
    const { fivetran, syncs, role } = world();
    await expect(
      ensureConnection(
        { mode: 'ensure', request, privateLinkId: 'pl_1', host: '' },
        { fivetran, syncs, roleOf: () => Promise.resolve(role), log: silentLog },
      ),
    ).rejects.toThrow(/give host/);
  });
});

describe('a rotated password', () => {
  test('is carried over once, with the private link beside it', async () => {
    const { carryOver, fivetran, syncs, role } = world([connectionOf()]);
    await syncs.change('assimilate_seem', { sentRole: { source: 'postgres', versionId: 'v1' } });
    expect(await carryOver()).toMatchObject({ outcome: 'current' });
    role.versionId = 'v2';
    role.password = 'pw-2';
    expect(await carryOver()).toMatchObject({ outcome: 'sent' });
    expect(await carryOver()).toMatchObject({ outcome: 'current' });
    expect(fivetran.sent).toEqual([
      { networking: { privateLinkId: 'pl_1' }, config: { user: 'fivetran', password: 'pw-2' } },
    ]);
  });

  test('is not sent to a connection that somebody else set up', async () => {
    const { carryOver, fivetran } = world([connectionOf()]);
    expect(await carryOver()).toMatchObject({ outcome: 'unmanaged' });
    expect(fivetran.calls).toEqual([]);
  });
});
