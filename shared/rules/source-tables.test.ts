import { expect, it } from 'vitest';
import type { TableFacts } from '../contracts/source-facts.ts';
import { tableFindings } from './source-tables.ts';

const unreadable = (schema: string, table: string): TableFacts => ({
  schema,
  table,
  kind: 'r',
  oid: '1',
  fileNode: '1',
  pages: 1,
  estimatedRows: 1,
  primaryKey: ['id'],
  columns: [],
  rights: [
    { role: 'fivetran', usage: true, select: false, hiddenColumns: [], writes: [], rowSecurity: 'off' },
  ],
  counters: { resetAt: '', inserted: 0, updated: 0, deleted: 0 },
  deadRows: 0,
  liveRows: 1,
  frozenAge: 0,
});

const grantFor = (tables: readonly TableFacts[]): string | undefined =>
  tableFindings(tables, ['fivetran']).find(({ check }) => check === 'source.read-access')?.remedy;

it('names each table in the GRANT that lets a role read it', () => {
  const tables = [unreadable('public', 'film'), unreadable('Sales', 'order line')];
  expect(grantFor(tables)).toBe('GRANT SELECT ON public.film, "Sales"."order line" TO fivetran;');
});

it('stays a statement that PostgreSQL takes when there are too many tables to name', () => {
  const tables = Array.from({ length: 30 }, (_, n) => unreadable(n < 15 ? 'a' : 'b', `t${String(n)}`));
  expect(grantFor(tables)).toBe('GRANT SELECT ON ALL TABLES IN SCHEMA a, b TO fivetran;');
});
