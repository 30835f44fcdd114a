import type { Input } from '../input.ts';
import { AwsError } from '../service.ts';

/** What a filter compares: the values that an item has for it. */
export type FilterValues<Item> = Record<string, (item: Item) => readonly (string | undefined)[]>;

/**
 * The items that fit every filter by at least one of its values; `*` and `?` in a value are wildcards. With `tagsOf`
 * the filters `tag:<key>` and `tag-key` work too.
 *
 * @throws AwsError InvalidParameterValue for a filter that the operation does not have
 */
export function applyFilters<Item>(
  items: readonly Item[],
  input: Input,
  known: FilterValues<Item>,
  tagsOf?: (item: Item) => ReadonlyMap<string, string>,
): Item[] {
  const tests = input.structures('Filter').map((filter) => {
    const name = filter.string('Name');
    const patterns = filter.strings('Value').map(toPattern);
    const read = readerOf(name, known, tagsOf);
    return (item: Item) =>
      read(item).some((value) => value !== undefined && patterns.some((p) => p.test(value)));
  });
  return items.filter((item) => tests.every((test) => test(item)));
}

function readerOf<Item>(
  name: string,
  known: FilterValues<Item>,
  tagsOf: ((item: Item) => ReadonlyMap<string, string>) | undefined,
): (item: Item) => readonly (string | undefined)[] {
  const reader = Object.hasOwn(known, name) ? known[name] : undefined;
  if (reader !== undefined) return reader;
  if (tagsOf !== undefined && name === 'tag-key') return (item) => [...tagsOf(item).keys()];
  if (tagsOf !== undefined && name.startsWith('tag:')) return (item) => [tagsOf(item).get(name.slice(4))];
  throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
}

function toPattern(value: string): RegExp {
  const escaped = value.replaceAll(/[.+^$(){}|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
