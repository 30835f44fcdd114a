/**
 * What Slack refuses of a message's blocks, in Slack's own words.
 * Limits: https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/block-kit/composition-objects/text-object
 */

type Fields = Record<string, unknown>;

const limits = { blocks: 50, text: 3000, field: 2000, fields: 10, header: 150, context: 10, actions: 25 };
const button = { text: 75, url: 3000, value: 2000, id: 255 };
const image = { url: 3000, alt: 2000, title: 2000 };

/** What is wrong with `blocks`, each with the place as a JSON pointer; empty when Slack would take them. */
export function problemsOfBlocks(blocks: unknown): string[] {
  if (!Array.isArray(blocks)) return [at('must be an array', '/blocks')];
  if (blocks.length > limits.blocks) return [at(`no more than ${limits.blocks} items allowed`, '/blocks')];
  return blocks.flatMap((block: unknown, index) => problemsOfBlock(block, `/blocks/${index}`));
}

/** All the text that blocks show, in characters: Slack limits their sum as well. */
export function textLength(blocks: unknown): number {
  if (Array.isArray(blocks)) return blocks.reduce<number>((sum, item) => sum + textLength(item), 0);
  if (!isFields(blocks)) return 0;
  return Object.entries(blocks).reduce(
    (sum, [key, value]) =>
      sum + (key === 'text' && typeof value === 'string' ? value.length : textLength(value)),
    0,
  );
}

function problemsOfBlock(block: unknown, path: string): string[] {
  if (!isFields(block)) return [at('must be an object', path)];
  const blockId = boundedString(block.block_id, button.id, `${path}/block_id`, 'optional');
  switch (block.type) {
    case 'section':
      return [...blockId, ...section(block, path)];
    case 'header':
      return [...blockId, ...text(block.text, `${path}/text`, limits.header, ['plain_text'])];
    case 'context':
      return [
        ...blockId,
        ...list(block.elements, `${path}/elements`, limits.context, (element, place) =>
          isFields(element) && element.type === 'image'
            ? picture(element, place)
            : text(element, place, limits.text),
        ),
      ];
    case 'actions':
      return [...blockId, ...list(block.elements, `${path}/elements`, limits.actions, element)];
    case 'image':
      return [...blockId, ...picture(block, path)];
    case 'divider':
      return blockId;
    case 'rich_text':
      return [...blockId, ...list(block.elements, `${path}/elements`, 1000, () => [])];
    default:
      return [at(`unsupported type: ${String(block.type)}`, path)];
  }
}

function section(block: Fields, path: string): string[] {
  const { text: body, fields, accessory } = block;
  if (body === undefined && fields === undefined) return [at('missing required field: text or fields', path)];
  return [
    ...(body === undefined ? [] : text(body, `${path}/text`, limits.text)),
    ...(fields === undefined
      ? []
      : list(fields, `${path}/fields`, limits.fields, (field, place) => text(field, place, limits.field))),
    ...(accessory === undefined ? [] : element(accessory, `${path}/accessory`)),
  ];
}

function element(value: unknown, path: string): string[] {
  if (!isFields(value)) return [at('must be an object', path)];
  if (value.type === 'image') return picture(value, path);
  if (value.type !== 'button') return [at(`unsupported type: ${String(value.type)}`, path)];
  const { style } = value;
  return [
    ...text(value.text, `${path}/text`, button.text, ['plain_text']),
    ...boundedString(value.url, button.url, `${path}/url`, 'optional'),
    ...boundedString(value.value, button.value, `${path}/value`, 'optional'),
    ...boundedString(value.action_id, button.id, `${path}/action_id`, 'optional'),
    ...(style === undefined || style === 'primary' || style === 'danger'
      ? []
      : [at('must be a valid enum value', `${path}/style`)]),
    ...(typeof value.url === 'string' && !URL.canParse(value.url)
      ? [at('must be a valid URL', `${path}/url`)]
      : []),
  ];
}

function picture(value: Fields, path: string): string[] {
  return [
    ...boundedString(value.image_url, image.url, `${path}/image_url`, 'required'),
    ...boundedString(value.alt_text, image.alt, `${path}/alt_text`, 'required'),
    ...(value.title === undefined ? [] : text(value.title, `${path}/title`, image.title, ['plain_text'])),
  ];
}

function text(value: unknown, path: string, limit: number, types = ['plain_text', 'mrkdwn']): string[] {
  if (!isFields(value) || typeof value.type !== 'string' || !types.includes(value.type)) {
    return [
      at('failed to match all allowed schemas', path),
      at(`must be a ${types.join(' or ')} object`, path),
    ];
  }
  const { text: content } = value;
  const found =
    typeof content !== 'string'
      ? 'missing required field: text'
      : content.length === 0
        ? 'must be more than 0 characters'
        : content.length > limit
          ? `must be less than ${limit + 1} characters`
          : undefined;
  if (found === undefined) return [];
  return [at('failed to match all allowed schemas', path), at(found, `${path}/text`)];
}

function list(
  value: unknown,
  path: string,
  limit: number,
  problemsOf: (item: unknown, path: string) => string[],
): string[] {
  if (!Array.isArray(value)) return [at('must be an array', path)];
  if (value.length === 0) return [at('must contain at least 1 item', path)];
  if (value.length > limit) return [at(`no more than ${limit} items allowed`, path)];
  return value.flatMap((item: unknown, index) => problemsOf(item, `${path}/${index}`));
}

function boundedString(
  value: unknown,
  limit: number,
  path: string,
  presence: 'optional' | 'required',
): string[] {
  if (value === undefined) return presence === 'required' ? [at('missing required field', path)] : [];
  if (typeof value !== 'string') return [at('must be a string', path)];
  return value.length > limit ? [at(`must be less than ${limit + 1} characters`, path)] : [];
}

function at(problem: string, path: string): string {
  return `${problem} [json-pointer:${path}]`;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
