/** The array of a list's answer, `{"code": …, "data": {"items": [ … ], "next_cursor": …}}`. */
const beginOfItems = /"items"\s*:\s*\[/;
const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * Reads a list's answer as it arrives and hands over the JSON text of each item once it is complete, so that a page
 * of a thousand connections is never in memory whole.
 *
 * @returns the answer without its items
 */
export async function readPage(
  body: AsyncIterable<Uint8Array>,
  take: (item: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let items: ItemCutter | undefined;
  for await (const bytes of body) {
    const text = decoder.decode(bytes, { stream: true });
    if (items !== undefined) {
      rest += items.cut(text);
      continue;
    }
    rest += text;
    const begin = beginOfItems.exec(rest);
    if (begin === null) continue;
    const end = begin.index + begin[0].length;
    items = createItemCutter(take);
    rest = rest.slice(0, end) + items.cut(rest.slice(end));
  }
  return rest;
}

interface ItemCutter {
  /** Takes the next piece of text; answers what does not belong to the array any more, its closing bracket first. */
  cut(text: string): string;
}

function createItemCutter(take: (item: string) => void): ItemCutter {
  let pending = '';
  let depth = 0;
  let inString = false;
  let escaped = false;
  let isOver = false;
  return {
    cut(text) {
      if (isOver) return text;
      let at = pending.length;
      let from = 0;
      pending += text;
      for (; at < pending.length; at += 1) {
        const code = pending.charCodeAt(at);
        if (inString) {
          if (escaped) escaped = false;
          else if (code === backslash) escaped = true;
          else if (code === quote) inString = false;
        } else if (code === quote) {
          inString = true;
        } else if (code === openBrace || code === openBracket) {
          if (depth === 0) from = at;
          depth += 1;
        } else if (code === closeBrace || (code === closeBracket && depth > 0)) {
          depth -= 1;
          if (depth > 0) continue;
          take(pending.slice(from, at + 1));
          from = at + 1;
        } else if (code === closeBracket) {
          isOver = true;
          return pending.slice(at);
        }
      }
      pending = pending.slice(from);
      return '';
    },
  };
}
