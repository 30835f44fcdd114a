import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/** What a template's references lead to. */
export interface Scope {
  /** A resource's or parameter's `Ref`; undefined when there is none. */
  ref: (name: string) => Json | undefined;
  getAtt: (logicalId: string, attribute: string) => string | undefined;
  condition: (name: string) => boolean;
  mapping: (map: string, top: string, second: string) => Json | undefined;
  /** The zones that `Fn::GetAZs` gives. */
  zones: string[];
}

/** A template cannot be resolved; the message says which resource, where in it, and why. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** `Ref: AWS::NoValue` removes the field it stands in. */
const noValue = Symbol('AWS::NoValue');

type Resolved = Json | typeof noValue;

/**
 * The value with every intrinsic function worked out.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 *
 * @param where names the place in error messages, for instance `Resources.EventBus.Properties`
 * @throws TemplateError for a reference that leads nowhere, or a function that is not CloudFormation's
 */
export function resolveValue(value: Json, scope: Scope, where: string): Json {
  const resolved = resolve(value, scope, where);
  return resolved === noValue ? null : resolved;
}

function resolve(value: Json, scope: Scope, where: string): Resolved {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => resolve(item, scope, `${where}[${index}]`))
      .filter((item) => item !== noValue);
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined) {
    const [name, argument] = only;
    const evaluate = intrinsics[name];
    if (evaluate !== undefined) return evaluate(argument, scope, `${where}.${name}`);
    if (name.startsWith('Fn::')) throw new TemplateError(`${where}: ${name} is not supported.`);
  }
  const resolved: JsonObject = {};
  for (const [key, item] of entries) {
    const result = resolve(item, scope, `${where}.${key}`);
    if (result !== noValue) resolved[key] = result;
  }
  return resolved;
}

type Intrinsic = (argument: Json, scope: Scope, where: string) => Resolved;

const intrinsics: Record<string, Intrinsic> = {
  Ref: (argument, scope, where) => {
    if (argument === 'AWS::NoValue') return noValue;
    return reference(text(argument, where), scope, where);
  },
  'Fn::GetAtt': (argument, scope, where) => {
    const parts = Array.isArray(argument) ? argument : text(argument, where).split('.');
    const [logicalId, ...attribute] = parts.map((part) => text(resolveValue(part, scope, where), where));
    return attributeOf(logicalId ?? '', attribute.join('.'), scope, where);
  },
  'Fn::Sub': (argument, scope, where) => {
    const [template, given] = Array.isArray(argument) ? argument : [argument, {}];
    const variables = isJsonObject(given) ? given : {};
    return text(template ?? '', where).replaceAll(/\$\{([^}]*)\}/g, (whole, name: string) => {
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      const variable = variables[name];
      if (variable !== undefined) return text(resolveValue(variable, scope, where), where);
      const [logicalId = '', ...attribute] = name.trim().split('.');
      const found =
        attribute.length > 0
          ? attributeOf(logicalId, attribute.join('.'), scope, where)
          : reference(logicalId, scope, where);
      return text(found, `${where} ${whole}`);
    });
  },
  'Fn::Join': (argument, scope, where) => {
    const [delimiter, items] = pair(argument, scope, where);
    return list(items, where)
      .map((item) => text(item, where))
      .join(text(delimiter, where));
  },
  'Fn::Split': (argument, scope, where) => {
    const [delimiter, source] = pair(argument, scope, where);
    return text(source, where).split(text(delimiter, where));
  },
  'Fn::Select': (argument, scope, where) => {
    const [index, items] = pair(argument, scope, where);
    const item = list(items, where)[Number(text(index, where))];
    if (item === undefined) throw new TemplateError(`${where}: there is no item ${text(index, where)}.`);
    return item;
  },
  'Fn::If': (argument, scope, where) => {
    const [condition, yes, no] = list(argument, where);
    if (yes === undefined || no === undefined) throw new TemplateError(`${where} takes three values.`);
    return resolve(scope.condition(text(condition ?? '', where)) ? yes : no, scope, where);
  },
  'Fn::Equals': (argument, scope, where) => {
    const [left, right] = pair(argument, scope, where);
    return JSON.stringify(left) === JSON.stringify(right);
  },
  'Fn::And': (argument, scope, where) =>
    list(argument, where).every((item) => resolve(item, scope, where) === true),
  'Fn::Or': (argument, scope, where) =>
    list(argument, where).some((item) => resolve(item, scope, where) === true),
  'Fn::Not': (argument, scope, where) => {
    const [item] = list(argument, where);
    return resolve(item ?? null, scope, where) !== true;
  },
  Condition: (argument, scope, where) => {
    // Also the name of a field in an IAM statement, whose value is an object: that is no function.
    if (typeof argument !== 'string') return { Condition: resolveValue(argument, scope, where) };
    return scope.condition(argument);
  },
  'Fn::FindInMap': (argument, scope, where) => {
    const [map = null, top = null, second = null] = list(argument, where).map((item) =>
      resolveValue(item, scope, where),
    );
    const found = scope.mapping(text(map, where), text(top, where), text(second, where));
    if (found === undefined) throw new TemplateError(`${where} leads to nothing.`);
    return found;
  },
  'Fn::Base64': (argument, scope, where) =>
    Buffer.from(text(resolveValue(argument, scope, where), where)).toString('base64'),
  'Fn::GetAZs': (_argument, scope) => scope.zones,
  'Fn::Length': (argument, scope, where) => list(resolveValue(argument, scope, where), where).length,
  'Fn::ToJsonString': (argument, scope, where) => JSON.stringify(resolveValue(argument, scope, where)),
};

/** The names of resources that the value refers to, in no particular order. */
export function referencesIn(value: Json): Set<string> {
  const found = new Set<string>();
  const visit = (item: Json): void => {
    if (Array.isArray(item)) item.forEach(visit);
    if (!isJsonObject(item)) return;
    const { Ref: ref, 'Fn::GetAtt': attribute, 'Fn::Sub': substitution } = item;
    if (typeof ref === 'string') found.add(ref);
    if (typeof attribute === 'string') found.add(attribute.split('.')[0] ?? '');
    if (Array.isArray(attribute) && typeof attribute[0] === 'string') found.add(attribute[0]);
    const template = Array.isArray(substitution) ? substitution[0] : substitution;
    if (typeof template === 'string') {
      for (const [, name = ''] of template.matchAll(/\$\{([^!}][^}]*)\}/g)) {
        found.add(name.trim().split('.')[0] ?? '');
      }
    }
    Object.values(item).forEach(visit);
  };
  visit(value);
  return found;
}

function reference(name: string, scope: Scope, where: string): Json {
  const found = scope.ref(name);
  if (found === undefined) {
    throw new TemplateError(`${where} refers to ${name}, which is neither a parameter nor a resource.`);
  }
  return found;
}

function attributeOf(logicalId: string, attribute: string, scope: Scope, where: string): string {
  const found = scope.getAtt(logicalId, attribute);
  if (found === undefined) {
    throw new TemplateError(`${where} wants ${logicalId}.${attribute}, which does not exist.`);
  }
  return found;
}

function text(value: Json, where: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${where} takes text, not ${JSON.stringify(value)}.`);
}

function list(value: Json, where: string): Json[] {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${where} takes a list, not ${JSON.stringify(value)}.`);
}

function pair(argument: Json, scope: Scope, where: string): [Json, Json] {
  const [first, second] = list(argument, where).map((item) => resolveValue(item, scope, where));
  if (first === undefined || second === undefined) throw new TemplateError(`${where} takes two values.`);
  return [first, second];
}
