import type { FailureStage } from './failure-stage.ts';
import type { Mend } from './scenario.ts';

/** Lets whoever is not the table's owner see only rows that meet a condition, which each read then computes. */
export async function addRowPolicy({ sql }: FailureStage, table: string, condition: string): Promise<Mend> {
  await sql(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`);
  await sql(`CREATE POLICY condition ON ${table} USING (${condition})`);
  return async () => {
    await sql(`DROP POLICY IF EXISTS condition ON ${table}`);
    await sql(`ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`);
  };
}
