import * as z from 'zod/mini';
import type { SlackMessage } from '../slack/slack.ts';
import { markup, safeUrl, type Html } from './html.ts';
import { viewMrkdwn, viewPlainText } from './mrkdwn.ts';

const Text = z.object({ type: z.enum(['plain_text', 'mrkdwn']), text: z.string() });
const Button = z.object({
  type: z.literal('button'),
  text: Text,
  url: z.optional(z.string()),
  style: z.optional(z.string()),
});
const Picture = z.object({ type: z.literal('image'), image_url: z.string(), alt_text: z.string() });
const Block = z.union([
  z.object({ type: z.literal('header'), text: Text }),
  z.object({
    type: z.literal('section'),
    text: z.optional(Text),
    fields: z.optional(z.array(Text)),
    accessory: z.optional(Button),
  }),
  z.object({ type: z.literal('context'), elements: z.array(z.union([Text, Picture])) }),
  z.object({ type: z.literal('actions'), elements: z.array(Button) }),
  z.object({ type: z.literal('divider') }),
]);
type Text = z.output<typeof Text>;
type Block = z.output<typeof Block>;

/** The channel as Slack would show it: messages in order, each with its thread under it. */
export function viewChannel(messages: readonly SlackMessage[]): Html {
  const top = messages.filter(({ threadTs }) => threadTs === undefined);
  if (top.length === 0) return markup`<p class="quiet">No message was posted.</p>`;
  return markup`<div class="slack">
    <div class="slack-bar"><span>#</span> data-on-call</div>
    ${top.map((message) => viewWithThread(message, messages))}
  </div>`;
}

function viewWithThread(message: SlackMessage, messages: readonly SlackMessage[]): Html {
  const replies = messages.filter(({ threadTs }) => threadTs === message.ts);
  return markup`<article class="message">
    ${viewMessage(message)}
    ${
      message.earlier.length > 0 &&
      markup`<details class="earlier">
        <summary>
          ${message.earlier.length === 1 ? 'What it said before the edit' : `What it said before its ${message.earlier.length} edits`}
        </summary>
        ${message.earlier.map((content) => markup`<div class="before">${viewContent(content)}</div>`)}
      </details>`
    }
    ${
      replies.length > 0 &&
      markup`<div class="thread">
        <p class="replies">${replies.length === 1 ? '1 reply' : `${replies.length} replies`}</p>
        ${replies.map(viewMessage)}
      </div>`
    }
  </article>`;
}

function viewMessage(message: SlackMessage): Html {
  return markup`<div class="post">
    <div class="avatar" aria-hidden="true">PL</div>
    <div class="body">
      <p class="author">
        <strong>fivetran-privatelink</strong> <span class="app">APP</span>
        <time datetime="${message.postedAt}" class="clock">${message.postedAt.slice(11, 19)} UTC</time>
      </p>
      ${viewContent(message)} ${message.editedAt !== undefined && markup`<span class="edited">(edited)</span>`}
    </div>
  </div>`;
}

function viewContent({ text, blocks }: Pick<SlackMessage, 'text' | 'blocks'>): Html {
  if (blocks === undefined || blocks.length === 0) return markup`<div class="text">${viewMrkdwn(text)}</div>`;
  return markup`${blocks.map((block) => {
    const known = Block.safeParse(block);
    return known.success ? viewBlock(known.data) : markup`<pre>${JSON.stringify(block, undefined, 2)}</pre>`;
  })}`;
}

function viewBlock(block: Block): Html {
  switch (block.type) {
    case 'header':
      return markup`<h4 class="block-header">${viewText(block.text)}</h4>`;
    case 'section':
      return markup`<div class="block-section">
        ${block.text !== undefined && markup`<div class="text">${viewText(block.text)}</div>`}
        ${
          block.fields !== undefined &&
          markup`<div class="fields">${block.fields.map((field) => markup`<div>${viewText(field)}</div>`)}</div>`
        }
        ${block.accessory !== undefined && viewButton(block.accessory)}
      </div>`;
    case 'context':
      return markup`<div class="block-context">
        ${block.elements.map((element) =>
          element.type === 'image'
            ? markup`<span>${element.alt_text}</span>`
            : markup`<span>${viewText(element)}</span>`,
        )}
      </div>`;
    case 'actions':
      return markup`<div class="block-actions">${block.elements.map(viewButton)}</div>`;
    case 'divider':
      return markup`<hr />`;
  }
}

function viewButton({ text, url, style }: z.output<typeof Button>): Html {
  const kind = style === 'primary' || style === 'danger' ? style : 'plain';
  return markup`<a class="button ${kind}" href="${safeUrl(url ?? '#')}" rel="noreferrer">${viewText(text)}</a>`;
}

function viewText({ type, text }: Text): Html {
  return type === 'mrkdwn' ? viewMrkdwn(text) : viewPlainText(text);
}
