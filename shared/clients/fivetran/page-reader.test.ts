import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPage } from './page-reader.ts';

async function read(text: string, pieceBytes: number): Promise<{ rest: string; items: unknown[] }> {
  const bytes = new TextEncoder().encode(text);
  const items: unknown[] = [];
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      yield await Promise.resolve(bytes.slice(at, at + pieceBytes));
    }
  }
  const rest = await readPage(body(), (json) => items.push(JSON.parse(json)));
  return { rest, items };
}

test('every page is cut into its items, however it is written and in whatever pieces it arrives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.option(fc.string()),
      fc.constantFrom(undefined, 2),
      fc.integer({ min: 1, max: 40 }),
      async (items, cursor, indent, pieceBytes) => {
        const page = { code: 'Success', data: { items, next_cursor: cursor } };
        const plain = JSON.parse(JSON.stringify(items)) as unknown;
        const answer = await read(JSON.stringify(page, undefined, indent), pieceBytes);
        expect(answer.items).toEqual(plain);
        expect(JSON.parse(answer.rest)).toEqual({ ...page, data: { items: [], next_cursor: cursor } });
      },
    ),
  );
});

test('an answer without items is left as it is', async () => {
  const text = JSON.stringify({ code: 'Success', message: 'there are no "items": [] here', data: {} });
  expect(await read(text, 7)).toEqual({ rest: text, items: [] });
});
