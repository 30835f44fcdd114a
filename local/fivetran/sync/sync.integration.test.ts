import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFivetranBench, type FivetranBench } from '../../../tests/support/fivetran-bench.ts';
import { startPostgres, withClient, type LocalPostgres } from '../../postgres/postgres.ts';

let postgres: LocalPostgres;
let bench: FivetranBench;
beforeAll(async () => {
  postgres = await startPostgres();
  bench = await startFivetranBench(postgres);
});
afterAll(async () => {
  await bench.stop();
  await postgres.stop();
});

const admin = (sql: string): Promise<unknown> => withClient(postgres, 'admin', (client) => client.query(sql));

describe('the case of the manual', () => {
  let id: string;

  test('copies all fifteen tables in the initial sync', async () => {
    id = await bench.connect('story');
    const connection = await bench.sync(id);
    expect(connection.succeeded_at).not.toBeNull();
    expect(connection.status).toMatchObject({ is_historical_sync: false, sync_state: 'scheduled' });
    const tables = await bench.rows(
      `SELECT table_name FROM duckdb_tables() WHERE database_name = 'workspace' AND schema_name = 'story_public'`,
    );
    expect(tables).toHaveLength(15);
    expect(await bench.rows('SELECT count(*)::INT FROM workspace.story_public.rental')).toEqual([[16044]]);
  });

  test('copies one inserted row, and the log says count 1', async () => {
    await admin(`INSERT INTO actor (first_name, last_name) VALUES ('abe', 'ka')`);
    await bench.sync(id);
    expect(
      await bench.rows(
        `SELECT actor_id, first_name, last_name, _fivetran_deleted FROM workspace.story_public.actor WHERE first_name = 'abe'`,
      ),
    ).toEqual([[201, 'abe', 'ka', false]]);
    const sync = bench.fivetran.account.connections.get(id)?.syncs.at(-1);
    expect(
      await bench.rows(
        `SELECT message_data FROM workspace.fivetran_metadata.log
         WHERE message_event = 'records_modified' AND sync_id = '${sync?.id ?? ''}'`,
      ),
    ).toEqual([
      ['{"schema":"story_public","table":"actor","operationType":"REPLACED_OR_INSERTED","count":1}'],
    ]);
  });

  test('fails on more than 15,000 changed rows of a table, and loads that table whole in the next sync', async () => {
    await admin('UPDATE rental SET staff_id = 3 - staff_id WHERE rental_id <= 15001');
    const failed = await bench.sync(id);
    expect(failed.failed_at).not.toBeNull();
    expect(failed.status).toMatchObject({
      setup_state: 'connected',
      tasks: [{ code: 'teleport_sync_error', message: 'Teleport Sync Error' }],
    });
    const stale =
      'SELECT count(*)::INT FROM workspace.story_public.rental WHERE _fivetran_synced IS NOT NULL';
    expect(await bench.rows(stale)).toEqual([[16044]]);
    const recovered = await bench.sync(id);
    expect(recovered.status).toMatchObject({ tasks: [] });
    expect(
      await bench.rows(
        'SELECT count(*)::INT FROM workspace.story_public.rental WHERE rental_id = 1 AND staff_id = 1',
      ),
    ).toEqual([[1]]);
  });
});
