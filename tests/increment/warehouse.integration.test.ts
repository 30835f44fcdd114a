import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AccessDeniedError, ConfigError, UnavailableError } from '../../shared/errors.ts';
import { startDestination } from './databricks.ts';
import { createMemoryIncrement } from './memory-increment.ts';

// A warehouse in trouble, asked by the shipped client from within verify-increment.

let end: Awaited<ReturnType<typeof startDestination>>;
beforeAll(async () => {
  end = await startDestination();
  const connection = await end.warehouse.connect();
  const { catalog } = end.warehouse;
  await connection.run(`CREATE SCHEMA ${catalog}.rental_public`);
  await connection.run(
    `CREATE TABLE ${catalog}.rental_public.actor (id INTEGER, name VARCHAR, _fivetran_deleted BOOLEAN, _fivetran_synced TIMESTAMPTZ)`,
  );
  await connection.run(`INSERT INTO ${catalog}.rental_public.actor VALUES (1, 'abe', false, now())`);
  connection.closeSync();
});
afterAll(() => end.stop());

let increment: ReturnType<typeof createMemoryIncrement>;
let markId: string;
beforeEach(async () => {
  end.databricks.setFault({ kind: 'removed', removed: false });
  end.databricks.setFault({ kind: 'stopped', startMs: 0 });
  end.databricks.setFault({ kind: 'slow', milliseconds: 0 });
  increment = createMemoryIncrement();
  const { record } = increment.known;
  if (record !== undefined) record.destination.catalog = end.warehouse.catalog;
  increment.verifying.destination = end.destination;
  await increment.markId();
  increment.database.write(1, 'abe');
  markId = await increment.markId();
});

describe('a warehouse that', () => {
  it('is stopped starts with the first statement, and the verdict waits for it', async () => {
    end.databricks.setFault({ kind: 'stopped', startMs: 1_500 });
    expect(await increment.verify({ markId })).toMatchObject({ verdict: 'verified', rows: 1 });
  });

  it('takes too long to start is an UnavailableError that says so', async () => {
    end.databricks.setFault({ kind: 'stopped', startMs: 60_000 });
    increment.verifying.destination = end.destinationWith({}, 5);
    const verdict = increment.verify({ markId });
    await expect(verdict).rejects.toThrow(UnavailableError);
    await expect(verdict).rejects.toThrow('The SQL warehouse did not start within 5 s.');
  });

  it('is gone is a ConfigError that names the setting', async () => {
    end.databricks.setFault({ kind: 'removed', removed: true });
    const verdict = increment.verify({ markId });
    await expect(verdict).rejects.toThrow(ConfigError);
    await expect(verdict).rejects.toThrow(/no such SQL warehouse.*compare warehouseId/);
  });

  it('does not finish a statement is an UnavailableError, and the statement is cancelled', async () => {
    end.databricks.setFault({ kind: 'slow', milliseconds: 60_000 });
    increment.verifying.destination = end.destinationWith({}, 5);
    await expect(increment.verify({ markId })).rejects.toThrow(/did not finish.*5 s; it was cancelled/);
  });

  it('refuses the credentials is an AccessDeniedError that names the secret', async () => {
    increment.verifying.destination = end.destinationWith({ token: 'dapi-revoked' });
    const verdict = increment.verify({ markId });
    await expect(verdict).rejects.toThrow(AccessDeniedError);
    await expect(verdict).rejects.toThrow('test/databricks');
  });
});

it('leaves the increment to be verified once the warehouse is back', async () => {
  end.databricks.setFault({ kind: 'removed', removed: true });
  await expect(increment.verify({ markId })).rejects.toThrow(ConfigError);
  end.databricks.setFault({ kind: 'removed', removed: false });
  expect(await increment.verify({ markId })).toMatchObject({ verdict: 'verified', rows: 1 });
});
