import * as z from 'zod/mini';

const Answer = z.object({
  status: z.object({ state: z.string(), error: z.optional(z.object({ message: z.string() })) }),
  manifest: z.optional(z.object({ schema: z.object({ columns: z.array(z.object({ name: z.string() })) }) })),
  result: z.optional(z.object({ data_array: z.optional(z.array(z.array(z.nullable(z.string())))) })),
});

/** Where statements are sent, and with which right. */
export interface Workspace {
  url: string;
  token: string;
  warehouseId: string;
}

/**
 * Runs one statement as an analyst would and gives its rows by column name.
 *
 * @throws Error with Databricks' own message when the statement fails
 */
export async function queryDatabricks(
  { url, token, warehouseId }: Workspace,
  statement: string,
): Promise<Record<string, string | null>[]> {
  const response = await fetch(`${url}/api/2.0/sql/statements`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ statement, warehouse_id: warehouseId, wait_timeout: '30s' }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Databricks answered ${response.status}: ${text}`);
  const { status, manifest, result } = Answer.parse(JSON.parse(text));
  if (status.state !== 'SUCCEEDED') throw new Error(`Databricks: ${status.error?.message ?? status.state}`);
  const columns = manifest?.schema.columns.map(({ name }) => name) ?? [];
  return (result?.data_array ?? []).map((row) =>
    Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])),
  );
}
