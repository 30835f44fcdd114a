import { cut } from './clean-text.ts';

interface Text {
  type: 'plain_text' | 'mrkdwn';
  text: string;
  emoji?: boolean;
  verbatim?: boolean;
}

interface Button {
  type: 'button';
  text: Text;
  url: string;
  action_id: string;
}

/** The blocks that our messages are made of: https://docs.slack.dev/reference/block-kit/blocks */
export interface Block {
  type: 'header' | 'section' | 'context' | 'actions';
  text?: Text;
  fields?: Text[];
  elements?: (Text | Button)[];
}

const limits = { header: 150, section: 3_000, field: 2_000, fields: 10, button: 75, lockScreen: 180 };

/** Text from outside inside Slack's markup, at most `limit` characters long once it is escaped. */
export function escapeWithin(text: string, limit: number): string {
  let escaped = '';
  for (const character of text) {
    const next = entities[character] ?? character;
    if (escaped.length + next.length > limit - 1) return `${escaped}…`;
    escaped += next;
  }
  return escaped;
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
const entities: Readonly<Record<string, string | undefined>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** One line for a header and a lock screen. */
export const plainHeadline = (text: string): string =>
  cut(text.replace(/\s+/g, ' ').trim(), Math.min(limits.header, limits.lockScreen));

/** Plain text is shown as it is, so nothing in it is escaped. */
export const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text: cut(text, limits.header), emoji: true },
});

/** `text` is ready: what comes from outside is escaped already. */
export const section = (text: string): Block => ({
  type: 'section',
  text: markup(cut(text, limits.section)),
});

export const context = (text: string): Block => ({
  type: 'context',
  elements: [markup(cut(text, limits.section))],
});

/** Label and value in two columns, ten a block; both are ready. */
export function fields(pairs: readonly (readonly [string, string])[]): Block[] {
  const made: Block[] = [];
  for (let start = 0; start < pairs.length; start += limits.fields) {
    made.push({
      type: 'section',
      fields: pairs
        .slice(start, start + limits.fields)
        .map(([label, value]) => markup(cut(`*${label}*\n${value}`, limits.field))),
    });
  }
  return made;
}

export const button = (label: string, url: string, index: number): Button => ({
  type: 'button',
  text: { type: 'plain_text', text: cut(label, limits.button), emoji: true },
  url,
  action_id: `open-${String(index)}`,
});

/** Verbatim: nothing in it becomes a link or a mention by itself. */
const markup = (text: string): Text => ({ type: 'mrkdwn', text, verbatim: true });

/** Every text of a block, in order. */
export function textsOf(block: Block): string[] {
  return [
    ...(block.text === undefined ? [] : [block.text.text]),
    ...(block.fields ?? []).map(({ text }) => text),
    ...(block.elements ?? []).map((element) =>
      typeof element.text === 'string' ? element.text : element.text.text,
    ),
  ];
}
