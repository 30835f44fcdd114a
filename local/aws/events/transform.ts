import { isJsonObject, parseJson, type Json, type JsonObject } from '../../json.ts';

/** What a rule's target receives instead of the event. */
export interface TargetInput {
  /** Constant JSON text. */
  input: string | undefined;
  inputPath: string | undefined;
  transformer: { paths: Record<string, string>; template: string } | undefined;
}

/** What the reserved variables of a template stand for. */
export interface RuleIdentity {
  name: string;
  arn: string;
}

/** A target's input cannot be made out of the event; EventBridge then drops the event for that target. */
export class TransformError extends Error {
  override readonly name = 'TransformError';
}

/**
 * The payload for a target.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 *
 * @returns JSON, or plain text where the template is text
 * @throws TransformError when the filled template is not JSON
 */
export function transformInput(event: JsonObject, target: TargetInput, rule: RuleIdentity): Json {
  if (target.input !== undefined) return parseText(target.input);
  if (target.inputPath !== undefined) return valueAt(event, target.inputPath) ?? null;
  if (target.transformer === undefined) return event;
  return fillTemplate(event, target.transformer, rule);
}

const absent = '\u0000absent\u0000';

function fillTemplate(
  event: JsonObject,
  { paths, template }: { paths: Record<string, string>; template: string },
  rule: RuleIdentity,
): Json {
  const { detail, ...withoutDetail } = event;
  const values = new Map<string, Json | undefined>([
    ...Object.entries(paths).map(([name, path]) => [name, valueAt(event, path)] as const),
    ['aws.events.rule-arn', rule.arn],
    ['aws.events.rule-name', rule.name],
    ['aws.events.event.ingestion-time', event.time],
    ['aws.events.event', withoutDetail],
    ['aws.events.event.json', { ...withoutDetail, detail: detail ?? null }],
  ]);
  const isJsonTemplate = /^\s*[{["]/.test(template);
  let filled = '';
  let inString = false;
  let at = 0;
  while (at < template.length) {
    const character = template.charAt(at);
    const [whole, name = ''] = /^<([\w.-]+)>/.exec(template.slice(at)) ?? [];
    if (whole !== undefined && values.has(name)) {
      filled += written(values.get(name), inString || !isJsonTemplate, inString);
      at += whole.length;
      continue;
    }
    if (character === '\\' && inString) {
      filled += template.slice(at, at + 2);
      at += 2;
      continue;
    }
    if (character === '"') inString = !inString;
    filled += character;
    at += 1;
  }
  if (!isJsonTemplate) return filled;
  return withoutAbsent(parseText(filled));
}

/** Inside a text, values stand without quotes; a variable whose path leads nowhere leaves nothing behind. */
function written(value: Json | undefined, asText: boolean, escaped: boolean): string {
  if (!asText) return JSON.stringify(value === undefined ? absent : value);
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return escaped ? JSON.stringify(text).slice(1, -1) : text;
}

function withoutAbsent(value: Json): Json {
  if (Array.isArray(value)) return value.filter((item) => item !== absent).map(withoutAbsent);
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== absent);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutAbsent(item)]));
}

function parseText(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    throw new TransformError(`The target's input is not JSON: ${text}`);
  }
}

/** `$`, `$.detail.list[0].name`, `$.detail.list[*].name`. */
function valueAt(event: Json, path: string): Json | undefined {
  const steps = [...path.matchAll(/\.([\w/-]+)|\[(\d+|\*)\]|\['([^']+)'\]/g)];
  let values: (Json | undefined)[] = [event];
  let many = false;
  for (const [, field, index, quoted] of steps) {
    if (index === '*') many = true;
    values = values.flatMap((value): (Json | undefined)[] => {
      if (index === '*') return Array.isArray(value) ? value : [];
      if (index !== undefined) return [Array.isArray(value) ? value[Number(index)] : undefined];
      return [isJsonObject(value) ? value[field ?? quoted ?? ''] : undefined];
    });
  }
  return many ? values.filter((value) => value !== undefined) : values[0];
}
