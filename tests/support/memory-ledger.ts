import type { Expression, LedgerItem, LedgerKey, LedgerTable } from '../../shared/clients/ledger/table.ts';

/**
 * The ledger's table in memory, for tests that need thousands of writes. It understands of DynamoDB's expressions
 * what the ledger's clients use: comparisons, attribute_exists, attribute_not_exists, AND, OR, and updates that SET
 * or ADD. Each call takes a turn of the event loop, or as many as `turns` says, so that callers interleave as they
 * would over a wire.
 */
export function createMemoryLedger(turns: () => number = () => 1): LedgerTable & { items(): LedgerItem[] } {
  const items = new Map<string, LedgerItem>();
  const idOf = ({ pk, sk }: LedgerKey): string => JSON.stringify([pk, sk]);
  const turn = async (): Promise<void> => {
    for (let left = turns(); left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const holds = (item: LedgerItem | undefined, condition: Expression | undefined): boolean =>
    condition === undefined || evaluate(condition.expression, item, condition);

  return {
    items: () => [...items.values()].map((item) => structuredClone(item)),

    async get(key) {
      await turn();
      const item = items.get(idOf(key));
      return item === undefined ? undefined : structuredClone(item);
    },

    async query(pk, { skPrefix = '', limit = Number.POSITIVE_INFINITY, descending = false } = {}) {
      await turn();
      const found = [...items.values()]
        .filter((item) => item.pk === pk && item.sk.startsWith(skPrefix))
        .sort((a, b) => (a.sk < b.sk ? -1 : 1) * (descending ? -1 : 1));
      return structuredClone(found.slice(0, limit));
    },

    async *pages(pk, { skPrefix, fields }) {
      await turn();
      const found = [...items.values()].filter((item) => item.pk === pk && item.sk.startsWith(skPrefix));
      yield found.map((item) => ({
        pk,
        sk: item.sk,
        ...Object.fromEntries(
          Object.entries(structuredClone(item)).filter(([name]) => fields.includes(name)),
        ),
      }));
    },

    async put(item, condition) {
      await turn();
      if (!holds(items.get(idOf(item)), condition)) return false;
      items.set(idOf(item), plain(item));
      return true;
    },

    async update(key, change, condition) {
      await turn();
      const before = items.get(idOf(key));
      const known: Expression = {
        expression: '',
        names: { ...change.names, ...condition?.names },
        values: { ...change.values, ...condition?.values },
      };
      if (condition !== undefined && !evaluate(condition.expression, before, known)) return undefined;
      const after: LedgerItem = { ...(before ?? key), ...key };
      for (const [name, value] of assignments(change.expression, before, known)) after[name] = value;
      items.set(idOf(key), plain(after));
      return plain(after);
    },

    async delete(key, condition) {
      await turn();
      if (!holds(items.get(idOf(key)), condition)) return false;
      items.delete(idOf(key));
      return true;
    },
  };
}

/** What DynamoDB keeps of an item: no field that is undefined, and nobody else's reference. */
const plain = (item: LedgerItem): LedgerItem => withoutUndefined(item) as LedgerItem;

/** As the client of DynamoDB writes an item: undefined is left out, bytes stay bytes. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutUndefined(inner)]));
}

function evaluate(text: string, item: LedgerItem | undefined, known: Expression): boolean {
  return text
    .split(/\s+OR\s+/)
    .some((part) => part.split(/\s+AND\s+/).every((term) => evaluateTerm(term.trim(), item, known)));
}

function evaluateTerm(term: string, item: LedgerItem | undefined, known: Expression): boolean {
  const exists = /^attribute_(not_)?exists\((\S+)\)$/.exec(term);
  if (exists !== null) return (operand(exists[2]!, item, known) === undefined) === (exists[1] !== undefined);
  const comparison = /^(\S+)\s*(=|<>|<=|<|>=|>)\s*(\S+)$/.exec(term);
  if (comparison === null) throw new Error(`The memory ledger does not understand "${term}".`);
  const [, left, operator, right] = comparison;
  return compare(operand(left!, item, known), operator!, operand(right!, item, known));
}

function compare(a: unknown, operator: string, b: unknown): boolean {
  if (a === undefined || b === undefined) return false;
  const [x, y] = [a as number, b as number];
  switch (operator) {
    case '=':
      return x === y;
    case '<>':
      return x !== y;
    case '<':
      return x < y;
    case '<=':
      return x <= y;
    case '>':
      return x > y;
    default:
      return x >= y;
  }
}

function operand(text: string, item: LedgerItem | undefined, { names, values }: Expression): unknown {
  if (text.startsWith(':')) return values?.[text];
  return item?.[names?.[text] ?? text];
}

function assignments(
  text: string,
  before: LedgerItem | undefined,
  known: Expression,
): (readonly [string, unknown])[] {
  const nameOf = (name: string): string => known.names?.[name] ?? name;
  return [...text.matchAll(/(SET|ADD)\s+(.*?)(?=\s+(?:SET|ADD)\s|$)/g)].flatMap(([, verb, list = '']) =>
    list.split(/,\s*/).map((part) => {
      if (verb === 'ADD') {
        const [name = '', value = ''] = part.trim().split(/\s+/);
        const sum = Number(operand(name, before, known) ?? 0) + Number(operand(value, before, known));
        return [nameOf(name), sum] as const;
      }
      const [name = '', value = ''] = part.trim().split(/\s*=\s*/);
      return [nameOf(name), operand(value, before, known)] as const;
    }),
  );
}
