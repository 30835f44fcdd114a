/** Why a statement failed, as Databricks says it: https://docs.databricks.com/aws/en/error-messages/ */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  readonly sqlState: string;
  /** @param errorClass for instance `TABLE_OR_VIEW_NOT_FOUND` */
  constructor(errorClass: string, sqlState: string, detail: string) {
    super(`[${errorClass}] ${detail} SQLSTATE: ${sqlState}`);
    this.sqlState = sqlState;
  }
}

export const syntaxError = (near: string): SqlError =>
  new SqlError('PARSE_SYNTAX_ERROR', '42601', `Syntax error at or near '${near}'.`);

/** DuckDB's errors in Databricks' words, as far as both have the thing. */
export function translateError(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const [, kind = '', detail = message] = /^(\w+(?: \w+)?) Error: ([^\n]*)/.exec(message) ?? [];
  const column = /column "([^"]*)"/.exec(detail)?.[1];
  if (kind === 'Parser') return syntaxError(/near "([^"]*)"/.exec(detail)?.[1] ?? 'end of input');
  if (kind === 'Binder' && column !== undefined) {
    return new SqlError(
      'UNRESOLVED_COLUMN.WITHOUT_SUGGESTION',
      '42703',
      `A column, variable, or function parameter with name \`${column}\` cannot be resolved.`,
    );
  }
  if (kind === 'Conversion') return new SqlError('CAST_INVALID_INPUT', '22018', detail);
  if (kind === 'Out of Range') return new SqlError('ARITHMETIC_OVERFLOW', '22003', detail);
  if (kind === 'Binder') return new SqlError('DATATYPE_MISMATCH', '42K09', detail);
  return new SqlError('INTERNAL_ERROR', 'XX000', detail);
}
