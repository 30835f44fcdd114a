import { expect } from '../expectation.ts';
import type { Scenario } from '../play.ts';
import type { Stage } from '../stage.ts';
import { Connection, Connections, SetupTests } from './fivetran-answers.ts';
import { tables } from './tables.ts';

export const connection: Scenario<Stage> = {
  title: 'The connection is made, tested and filled',
  steps: [
    {
      title: 'The setup tests pass',
      expectation: 'The connection uses the private link over TLS, and none of Fivetran’s setup tests fails.',
      run: ({ fivetran, eventually, notes }) =>
        eventually('a connected connection', 15_000, async () => {
          const { data: list } = await fivetran(Connections, 'GET /v1/connections');
          const id = list.items[0]?.id;
          if (id === undefined) return { met: false, seen: 'no connection yet' };
          const { data } = await fivetran(Connection, `GET /v1/connections/${id}`);
          if (data.status.setup_state !== 'connected') return { met: false, seen: data.status.setup_state };
          expect(
            data.private_link_id === notes.get('privateLinkId'),
            'our private link',
            String(data.private_link_id),
          );
          const { data: tested } = await fivetran(SetupTests, `POST /v1/connections/${id}/test`, {});
          const tests = tested.setup_tests.map(({ title, status }) => `${title} ${status}`).join(', ');
          const passed = tested.setup_tests.every(
            ({ status }) => status === 'PASSED' || status === 'SKIPPED',
          );
          expect(passed && tested.setup_tests.length > 0, 'every setup test to pass', tests);
          notes.set('connectionId', id);
          notes.set('connectionName', data.schema);
          return { met: true, value: `${data.schema} (${id}) by ${data.config.update_method}: ${tests}.` };
        }),
    },
    {
      title: 'The initial sync succeeds',
      expectation: 'Fivetran reports the first sync as succeeded.',
      run: ({ fivetran, eventually, notes }) =>
        eventually('a first success', 25_000, async () => {
          const { data } = await fivetran(Connection, `GET /v1/connections/${notes.get('connectionId')}`);
          const tasks = data.status.tasks.map(({ code, message }) => `${code} ${message}`).join(', ');
          return data.succeeded_at === null
            ? { met: false, seen: `${data.status.sync_state} ${tasks}`.trim() }
            : { met: true, value: `Succeeded at ${data.succeeded_at}.` };
        }),
    },
    {
      title: 'All 15 tables stand at the destination',
      expectation: 'Databricks has each table of the source with as many rows.',
      run: async ({ database, databricks, stack, notes }) => {
        // Fivetran names a destination schema after the connection and the source's schema.
        const schema = `${stack.databricks.catalog}.${notes.get('connectionName')}_public`;
        notes.set('destinationSchema', schema);
        const counts = await Promise.all(
          tables.map(async (table) => {
            const source = await database.query<{ count: string }>(
              `SELECT count(*) AS count FROM public.${table}`,
            );
            const [row] = await databricks(`SELECT count(*) AS count FROM ${schema}.${table}`);
            return { table, source: source.rows[0]?.count ?? '', destination: row?.count ?? '' };
          }),
        );
        const short = counts.filter(({ source, destination }) => source !== destination);
        expect(
          short.length === 0,
          'equal counts in all tables',
          short.map(({ table, source, destination }) => `${table}: ${source} → ${destination}`).join(', '),
        );
        const rows = counts.reduce((sum, { source }) => sum + Number(source), 0);
        return `${counts.length} tables, ${rows.toLocaleString('en')} rows in ${schema}.`;
      },
    },
    {
      title: 'connect-source is done',
      expectation: 'The execution that the person started has succeeded.',
      run: async ({ succeeded, notes }) => {
        const { visits } = await succeeded('connect-source', notes.get('connectSource'), 15_000);
        return `It went through ${visits.length} states.`;
      },
    },
  ],
};
