import { AwsError } from '../service.ts';

type Tree = Map<string, Tree | string>;

/**
 * The flat parameters of a query request as a value: numbered names become lists, `member` and `entry` levels
 * disappear, and every leaf is a string.
 *
 * @throws AwsError MalformedQueryString when one name is used both as a leaf and as a group
 */
export function readQueryInput(parameters: URLSearchParams): Record<string, unknown> {
  const root: Tree = new Map();
  for (const [name, value] of parameters) {
    if (name !== 'Action' && name !== 'Version') insert(root, name.split('.'), value, name);
  }
  return Object.fromEntries([...root].map(([name, branch]) => [name, toValue(branch)]));
}

function insert(tree: Tree, path: readonly string[], value: string, name: string): void {
  const [head = '', ...rest] = path;
  if (rest.length === 0) {
    if (tree.has(head)) throw malformed(name);
    tree.set(head, value);
    return;
  }
  const branch = tree.get(head) ?? new Map<string, Tree | string>();
  if (typeof branch === 'string') throw malformed(name);
  tree.set(head, branch);
  insert(branch, rest, value, name);
}

function toValue(branch: Tree | string): unknown {
  if (typeof branch === 'string') return branch;
  const names = [...branch.keys()];
  const only = names.length === 1 ? branch.get(names[0] ?? '') : undefined;
  if (only instanceof Map && names[0] === 'member') return toList(only) ?? toValue(only);
  if (only instanceof Map && names[0] === 'entry') return toRecord(only);
  return toList(branch) ?? Object.fromEntries([...branch].map(([name, member]) => [name, toValue(member)]));
}

/** The items in the order of their numbers, or nothing when the names are not all numbers. */
function toList(branch: Tree): unknown[] | undefined {
  if (![...branch.keys()].every((name) => /^[1-9]\d*$/.test(name))) return undefined;
  return [...branch].sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => toValue(item));
}

/** `entry.1.key=a&entry.1.value=b` as `{ a: 'b' }`. */
function toRecord(entries: Tree): Record<string, unknown> {
  const pairs = [...entries.values()].flatMap((entry) => {
    if (typeof entry === 'string') return [];
    const key = entry.get('key') ?? entry.get('Name');
    const value = entry.get('value') ?? entry.get('Value');
    return typeof key === 'string' && value !== undefined ? [[key, toValue(value)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

const malformed = (name: string): AwsError =>
  new AwsError(
    'MalformedQueryString',
    `The parameter ${name} is given twice or both as a value and as a group.`,
  );
