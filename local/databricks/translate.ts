import { SqlError, syntaxError } from './sql-error.ts';
import { tokenize, type Token } from './tokens.ts';
import { literal, quote } from './warehouse.ts';

/** A named parameter of a statement; `value` is absent or null for NULL. */
export interface Parameter {
  name: string;
  value: string | null;
  type: string;
}

/** Finds tables; names compare without case, as in Databricks. */
export interface Tables {
  catalogs: ReadonlySet<string>;
  has: (catalog: string, schema: string, table: string) => boolean;
}

export interface Context {
  parameters: readonly Parameter[];
  tables: Tables;
  catalog: string;
  schema: string;
}

/** Functions that mean the same in both languages; every other one is refused, lest DuckDB's own leak through. */
const sameFunctions = new Set(
  'abs avg cast ceil coalesce concat count current_date current_timestamp date_trunc floor greatest least length lower max min nullif replace round rtrim substring sum trim try_cast upper'.split(
    ' ',
  ),
);
const renamedFunctions: Record<string, string> = {
  explode: 'unnest',
  unix_micros: 'epoch_us',
  timestamp_micros: 'make_timestamptz',
};
/** Keywords that stand before a parenthesis without being functions. */
const structuralWords = new Set(
  'and as by except exists filter from group having in intersect join not on or order over partition select then union using values when where with else case limit decimal varchar char distinct all'.split(
    ' ',
  ),
);
const types: Record<string, string> = {
  string: 'VARCHAR',
  int: 'INTEGER',
  integer: 'INTEGER',
  long: 'BIGINT',
  bigint: 'BIGINT',
  smallint: 'SMALLINT',
  tinyint: 'TINYINT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  timestamp_ntz: 'TIMESTAMP',
  double: 'DOUBLE',
  float: 'FLOAT',
  decimal: 'DECIMAL',
  binary: 'BLOB',
};

/**
 * A Databricks SQL query as DuckDB runs it. Only the language that this project and a person at a prompt need is
 * known; what Databricks would refuse is refused with its error class, and nothing of DuckDB's own is let through.
 *
 * @throws SqlError
 */
export function translate(sql: string, context: Context): string {
  const tokens = tokenize(sql);
  if (isSymbol(tokens.at(-1), ';')) tokens.pop();
  const first = tokens[0];
  if (first === undefined) throw syntaxError('end of input');
  if (!isWord(first, 'select') && !isWord(first, 'with')) {
    throw first.kind === 'word'
      ? new SqlError(
          'INSUFFICIENT_PERMISSIONS',
          '42501',
          `Insufficient privileges: this user may only query, not ${first.text.toUpperCase()}.`,
        )
      : syntaxError(first.text);
  }
  const commonTables = new Set(
    tokens.flatMap((token, index) => {
      const [as, open] = [tokens[index + 1], tokens[index + 2]];
      return nameOf(token) !== undefined && isWord(as, 'as') && isSymbol(open, '(')
        ? [(nameOf(token) ?? '').toLowerCase()]
        : [];
    }),
  );
  const out: string[] = [];
  for (let index = 0; index < tokens.length;) {
    const step = translateAt(tokens, index, context, commonTables);
    out.push(step.text);
    index = step.next;
  }
  return out.join(' ');
}

interface Step {
  text: string;
  next: number;
}

function translateAt(
  tokens: readonly Token[],
  index: number,
  context: Context,
  commonTables: ReadonlySet<string>,
): Step {
  const token = tokens[index];
  const previous = tokens[index - 1];
  const following = tokens[index + 1];
  if (token === undefined) throw syntaxError('end of input');
  const inFrom = isWord(previous, 'from') || isWord(previous, 'join');
  if (inFrom && !isSymbol(token, '(')) return tableAt(tokens, index, context, commonTables);

  switch (token.kind) {
    case 'string':
      if (token.double && (isSymbol(previous, '.') || isSymbol(following, '.') || isWord(previous, 'as'))) {
        throw syntaxError(`"${token.text}"`);
      }
      return { text: literal(token.text), next: index + 1 };
    case 'quoted':
      return { text: quote(token.text), next: index + 1 };
    case 'number':
      return { text: token.text, next: index + 1 };
    case 'parameter':
      return { text: parameterSql(token.text, context), next: index + 1 };
    case 'symbol':
      if (token.text === ';') throw syntaxError(';');
      return {
        text: token.text === '<=>' ? 'IS NOT DISTINCT FROM' : token.text === '==' ? '=' : token.text,
        next: index + 1,
      };
    case 'word': {
      const word = token.text.toLowerCase();
      if (isWord(previous, 'as') && types[word] !== undefined && isInCast(tokens, index)) {
        return { text: types[word], next: index + 1 };
      }
      if (isSymbol(previous, '::') && types[word] !== undefined)
        return { text: types[word], next: index + 1 };
      if (!isSymbol(following, '(') || isSymbol(previous, '.') || structuralWords.has(word)) {
        return { text: token.text, next: index + 1 };
      }
      if (word === 'from_json') return fromJsonAt(tokens, index, context);
      const name = renamedFunctions[word] ?? (sameFunctions.has(word) ? word : undefined);
      if (name === undefined) {
        throw new SqlError(
          'UNRESOLVED_ROUTINE',
          '42883',
          `Cannot resolve routine \`${token.text}\` on search path.`,
        );
      }
      if (isSymbol(tokens[index + 2], ')') && name.startsWith('current_'))
        return { text: name, next: index + 3 };
      return { text: name, next: index + 1 };
    }
  }
}

/** Whether the word after `AS` is a cast's type: its `AS` stands directly inside the parentheses of CAST. */
function isInCast(tokens: readonly Token[], index: number): boolean {
  let depth = 0;
  for (let at = index - 1; at >= 0; at -= 1) {
    if (isSymbol(tokens[at], ')')) depth += 1;
    if (isSymbol(tokens[at], '(') && depth-- === 0) {
      return isWord(tokens[at - 1], 'cast') || isWord(tokens[at - 1], 'try_cast');
    }
  }
  return false;
}

/** A table after FROM or JOIN: `a.b.c`, `IDENTIFIER(:name)` or the name of a common table expression. */
function tableAt(
  tokens: readonly Token[],
  index: number,
  context: Context,
  commonTables: ReadonlySet<string>,
): Step {
  if (isWord(tokens[index], 'identifier') && isSymbol(tokens[index + 1], '(')) {
    const argument = tokens[index + 2];
    if (!isSymbol(tokens[index + 3], ')')) throw syntaxError('(');
    const text =
      argument?.kind === 'string'
        ? argument.text
        : argument?.kind === 'parameter'
          ? (findParameter(argument.text, context).value ?? '')
          : undefined;
    if (text === undefined) throw syntaxError('(');
    return { text: tableSql(partsOf(text), context), next: index + 4 };
  }
  const parts: string[] = [];
  let at = index;
  for (;;) {
    const token = tokens[at];
    const reserved = token?.kind === 'word' && structuralWords.has(token.text.toLowerCase());
    const name = reserved ? undefined : nameOf(token);
    if (name === undefined) throw syntaxError(tokens[at]?.text ?? 'end of input');
    parts.push(name);
    at += 1;
    if (!isSymbol(tokens[at], '.')) break;
    at += 1;
  }
  if (isSymbol(tokens[at], '(')) {
    throw new SqlError(
      'UNRESOLVABLE_TABLE_VALUED_FUNCTION',
      '42883',
      `Could not resolve \`${parts.join('.')}\` to a table-valued function.`,
    );
  }
  const [only = ''] = parts;
  if (parts.length === 1 && commonTables.has(only.toLowerCase())) return { text: quote(only), next: at };
  return { text: tableSql(parts, context), next: at };
}

/** `a.b.c` with or without backquotes, as the text that IDENTIFIER takes. */
function partsOf(text: string): string[] {
  const tokens = tokenize(text);
  const parts = tokens.filter((_, index) => index % 2 === 0).map(nameOf);
  const separators = tokens.filter((_, index) => index % 2 === 1);
  if (parts.length === 0 || parts.includes(undefined) || !separators.every((token) => isSymbol(token, '.'))) {
    throw syntaxError(text);
  }
  return parts.filter((part) => part !== undefined);
}

function tableSql(parts: readonly string[], { tables, ...context }: Context): string {
  if (parts.length > 3) {
    throw new SqlError(
      'IDENTIFIER_TOO_MANY_NAME_PARTS',
      '42601',
      `${parts.join('.')} is not a valid identifier.`,
    );
  }
  const [table = '', schema = context.schema, catalog = context.catalog] = [...parts].reverse();
  const shown = [catalog, schema, table].map((part) => `\`${part}\``).join('.');
  if (!tables.catalogs.has(catalog.toLowerCase())) {
    throw new SqlError('NO_SUCH_CATALOG_EXCEPTION', '42704', `Catalog '${catalog}' was not found.`);
  }
  if (!tables.has(catalog, schema, table)) {
    throw new SqlError(
      'TABLE_OR_VIEW_NOT_FOUND',
      '42P01',
      `The table or view ${shown} cannot be found. Verify the spelling and correctness of the schema and catalog.`,
    );
  }
  return [catalog, schema, table].map(quote).join('.');
}

/** `from_json(text, 'ARRAY<STRUCT<a: STRING>>')` with DuckDB's notation of the type. */
function fromJsonAt(tokens: readonly Token[], index: number, context: Context): Step {
  const [argument, comma, schema, close] = tokens.slice(index + 2, index + 6);
  if (
    argument?.kind !== 'parameter' ||
    !isSymbol(comma, ',') ||
    schema?.kind !== 'string' ||
    !isSymbol(close, ')')
  ) {
    throw syntaxError('from_json');
  }
  const match = /^\s*ARRAY\s*<\s*STRUCT\s*<(.*)>\s*>\s*$/i.exec(schema.text);
  const fields = match?.[1]?.split(',').map((field) => /^\s*(\w+)\s*:\s*(\w+)\s*$/.exec(field)) ?? [null];
  const structure: Record<string, string> = {};
  for (const field of fields) {
    const type = types[field?.[2]?.toLowerCase() ?? ''];
    if (field?.[1] === undefined || type === undefined) {
      throw new SqlError('PARSE_SYNTAX_ERROR', '42601', `Syntax error at or near '${schema.text}'.`);
    }
    structure[field[1]] = type;
  }
  return {
    text: `from_json(CAST(${parameterSql(argument.text, context)} AS JSON), ${literal(JSON.stringify([structure]))})`,
    next: index + 6,
  };
}

function findParameter(name: string, { parameters }: Pick<Context, 'parameters'>): Parameter {
  const found = parameters.find((parameter) => parameter.name === name);
  if (found === undefined) {
    throw new SqlError('UNBOUND_SQL_PARAMETER', '42P02', `Found the unbound parameter: ${name}.`);
  }
  return found;
}

function parameterSql(name: string, context: Context): string {
  const { value, type } = findParameter(name, context);
  const duckType = types[type.toLowerCase().replace(/\(.*/, '')];
  if (duckType === undefined) {
    throw new SqlError('UNSUPPORTED_DATATYPE', '0A000', `Unsupported data type "${type}".`);
  }
  if (value === null) return `CAST(NULL AS ${duckType})`;
  if (['INTEGER', 'BIGINT', 'SMALLINT', 'TINYINT'].includes(duckType)) {
    if (!/^[+-]?\d+$/.test(value)) {
      throw new SqlError(
        'INVALID_PARAMETER_MARKER_VALUE',
        '22023',
        `Parameter ${name} is not of type ${type}.`,
      );
    }
    return value;
  }
  return duckType === 'VARCHAR' ? literal(value) : `CAST(${literal(value)} AS ${duckType})`;
}

const isWord = (token: Token | undefined, word: string): boolean =>
  token?.kind === 'word' && token.text.toLowerCase() === word;
const isSymbol = (token: Token | undefined, symbol: string): boolean =>
  token?.kind === 'symbol' && token.text === symbol;
const nameOf = (token: Token | undefined): string | undefined =>
  token?.kind === 'word' || token?.kind === 'quoted' ? token.text : undefined;
