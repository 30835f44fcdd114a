import { syntaxError } from './sql-error.ts';

/** One token of Databricks SQL; white space and comments are gone. */
export type Token =
  | { kind: 'word'; text: string }
  /** A name in backquotes, unquoted. */
  | { kind: 'quoted'; text: string }
  /** A string literal, unescaped; `double` when it stood in double quotes, which are no identifier quotes here. */
  | { kind: 'string'; text: string; double: boolean }
  | { kind: 'number'; text: string }
  /** `:name` */
  | { kind: 'parameter'; text: string }
  | { kind: 'symbol'; text: string };

const patterns: [RegExp, (match: RegExpExecArray) => Token | undefined][] = [
  [/\s+|--[^\n]*|\/\*[\s\S]*?\*\//y, () => undefined],
  [/`((?:[^`]|``)+)`/y, ([, name = '']) => ({ kind: 'quoted', text: name.replaceAll('``', '`') })],
  [
    /'((?:[^'\\]|\\[\s\S]|'')*)'/y,
    ([, text = '']) => ({ kind: 'string', text: unescape(text), double: false }),
  ],
  [
    /"((?:[^"\\]|\\[\s\S]|"")*)"/y,
    ([, text = '']) => ({ kind: 'string', text: unescape(text), double: true }),
  ],
  [/\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y, ([text]) => ({ kind: 'number', text })],
  [/[A-Za-z_][A-Za-z0-9_]*/y, ([text]) => ({ kind: 'word', text })],
  [/:([A-Za-z_][A-Za-z0-9_]*)/y, ([, text = '']) => ({ kind: 'parameter', text })],
  [/::|<=>|<=|>=|<>|!=|==|\|\||[-+*/%=<>(),.;[\]]/y, ([text]) => ({ kind: 'symbol', text })],
];

/** https://docs.databricks.com/aws/en/sql/language-manual/data-types/string-type: backslashes escape. */
function unescape(text: string): string {
  return text.replaceAll(/\\([\s\S])|''|""/g, (whole, escaped: string | undefined) => {
    if (escaped === undefined) return whole.charAt(0);
    return { n: '\n', t: '\t', r: '\r', '0': '\0' }[escaped] ?? escaped;
  });
}

/** @throws SqlError for what no token begins with */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length;) {
    const start = at;
    for (const [pattern, read] of patterns) {
      pattern.lastIndex = at;
      const match = pattern.exec(sql);
      if (match === null) continue;
      at = pattern.lastIndex;
      const token = read(match);
      if (token !== undefined) tokens.push(token);
      break;
    }
    if (at === start) throw syntaxError(sql.slice(at, at + 1));
  }
  return tokens;
}
