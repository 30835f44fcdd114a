import { drawEmoji } from './emoji.ts';
import { Html, escape, markup, safeUrl } from './html.ts';

/**
 * Slack's mrkdwn as a page shows it. Text arrives as Slack takes it, with `&amp; &lt; &gt;` for the three characters
 * that Slack reserves: https://docs.slack.dev/messaging/formatting-message-text
 */
export function viewMrkdwn(source: string): Html {
  const blocks = source.split(/```\n?([\s\S]*?)```/);
  return new Html(blocks.map((text, index) => (index % 2 === 1 ? preformatted(text) : lines(text))).join(''));
}

/** Text without markup, its signs drawn. */
export function viewPlainText(source: string): Html {
  return new Html(drawEmoji(escape(source)).replaceAll('\n', '<br>'));
}

function preformatted(text: string): string {
  return markup`<pre>${unescapeSlack(text.replace(/\n$/, ''))}</pre>`.markup;
}

function lines(text: string): string {
  const parts: string[] = [];
  let quote: string[] = [];
  const closeQuote = (): void => {
    if (quote.length > 0) parts.push(`<blockquote>${quote.join('<br>')}</blockquote>`);
    quote = [];
  };
  for (const line of text.split('\n')) {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line)?.[1];
    if (quoted === undefined) {
      closeQuote();
      parts.push(`${inline(line)}<br>`);
    } else {
      quote.push(inline(quoted));
    }
  }
  closeQuote();
  return parts.join('').replace(/<br>$/, '');
}

function inline(line: string): string {
  return line
    .split(/(`[^`]+`|<[^<>]+>)/)
    .map((piece) => {
      if (/^`.+`$/.test(piece)) return markup`<code>${unescapeSlack(piece.slice(1, -1))}</code>`.markup;
      if (/^<.+>$/.test(piece)) return special(piece.slice(1, -1)).markup;
      return emphasis(drawEmoji(escape(unescapeSlack(piece))));
    })
    .join('');
}

/** `*bold*`, `_italic_` and `~struck~`, at word borders as in Slack. */
function emphasis(escaped: string): string {
  return [
    ['*', 'strong'],
    ['_', 'em'],
    ['~', 's'],
  ].reduce((text, [mark = '', tag = '']) => {
    const pattern = new RegExp(
      `(^|[\\s(>])\\${mark}(\\S|\\S[^${mark}]*?\\S)\\${mark}(?=$|[\\s).,:;!?<])`,
      'g',
    );
    return text.replace(pattern, `$1<${tag}>$2</${tag}>`);
  }, escaped);
}

/** What stands between angle brackets: a link, a mention, or a date. */
function special(content: string): Html {
  const [target = '', label] = content.split(/\|(.*)/s);
  const date = /^!date\^(\d+)\^([^^]*)/.exec(target);
  if (date !== null) {
    const instant = new Date(Number(date[1]) * 1000).toISOString();
    return markup`<time datetime="${instant}">${label ?? instant}</time>`;
  }
  if (/^!(here|channel|everyone)$/.test(target))
    return markup`<span class="mention">@${target.slice(1)}</span>`;
  if (/^(@|#|!subteam\^)/.test(target)) {
    const name = unescapeSlack(label ?? target.replace(/^!subteam\^/, '@'));
    return markup`<span class="mention">${name}</span>`;
  }
  return markup`<a href="${safeUrl(unescapeSlack(target))}" rel="noreferrer">${unescapeSlack(label ?? target)}</a>`;
}

function unescapeSlack(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
