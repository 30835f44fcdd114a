import { readFileSync } from 'node:fs';

/** A part of Fivetran's API description: names, kinds and words of fields. */
interface Shape {
  type?: string;
  /** The words that it may be. */
  enum?: string[];
  /** The shape of every field, whatever its name. */
  map?: Shape;
  items?: Shape;
  required?: string[];
  properties?: Record<string, Shape>;
}

interface Operation {
  accept: string;
  query: string[];
  status: number;
  body?: Shape;
  data?: string;
  listOf?: string;
}

interface Facts {
  shapes: Record<string, Shape>;
  operations: Record<string, Operation>;
}

/**
 * What Fivetran's own API description (version 1, June 2026) says of the operations that we use: fields, which of
 * them are required, and the words that they may have.
 */
const facts = JSON.parse(
  readFileSync(new URL('../fixtures/fivetran-api.json', import.meta.url), 'utf8'),
) as Facts;

/** One request and its answer. */
export interface Exchange {
  method: string;
  path: string;
  query: string[];
  accept: string;
  body: unknown;
  status: number;
  answer: unknown;
}

export const operationNames = Object.keys(facts.operations);

/** A request that the description forbids. */
export interface Forbidden {
  why: string;
  /** The operation, for instance `PATCH /v1/connections/{connectionId}`. */
  operation: string;
  query?: string;
  headers?: Record<string, string>;
  body?: unknown;
  status: number;
}

/** All of them that follow from the description, for every operation. */
export function forbiddenRequests(): Forbidden[] {
  return Object.entries(facts.operations).flatMap(([operation, { accept, query, body }]) => {
    const good = body === undefined ? {} : { body: exampleOf(body) };
    const otherVersion = accept.endsWith('version=2') ? 'application/json' : 'application/json;version=2';
    return [
      { why: 'no key', operation, ...good, headers: { authorization: '' }, status: 401 },
      { why: 'a wrong key', operation, ...good, headers: { authorization: 'Basic bm86bm8=' }, status: 401 },
      { why: 'another version', operation, ...good, headers: { accept: otherVersion }, status: 406 },
      ...(query.includes('limit')
        ? ['limit=0', 'limit=1001', 'limit=many', 'cursor=bm90LW91cnM'].map((text) => ({
            why: text,
            operation,
            query: text,
            status: 400,
          }))
        : []),
      ...(body === undefined ? [] : forbiddenBodies(operation, body)),
    ];
  });
}

function forbiddenBodies(operation: string, shape: Shape): Forbidden[] {
  const { properties = {}, required = [] } = shape;
  const good = exampleOf(shape) as Record<string, unknown>;
  return [
    { why: 'no JSON', operation, body: '{"broken', status: 400 },
    {
      why: 'another content type',
      operation,
      body: good,
      headers: { 'content-type': 'text/plain' },
      status: 415,
    },
    { why: 'an unknown field', operation, body: { ...good, surprise: 1 }, status: 400 },
    ...required.map((field) => ({
      why: `no ${field}`,
      operation,
      body: Object.fromEntries(Object.entries(good).filter(([name]) => name !== field)),
      status: 400,
    })),
    ...Object.entries(properties).map(([field, inner]) => ({
      why: `a wrong ${field}`,
      operation,
      body: { ...good, [field]: wrong(inner) },
      status: 400,
    })),
  ];
}

/** The smallest value of a shape. */
function exampleOf({ type = 'object', enum: words, required = [], properties = {} }: Shape): unknown {
  if (words !== undefined) return words[0];
  switch (type) {
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    case 'array':
      return [];
    case 'string':
      return 'text';
    default:
      return Object.fromEntries(required.map((field) => [field, exampleOf(properties[field] ?? {})]));
  }
}

const wrong = ({ type, enum: words }: Shape): unknown =>
  words !== undefined ? 'NO_SUCH_WORD' : type === 'string' ? { not: 'a text' } : 'not_of_this_type';

/** The operation that a request is for, for instance `GET /v1/connections/{connectionId}`. */
export function operationOf({ method, path }: Pick<Exchange, 'method' | 'path'>): string | undefined {
  return operationNames.find((name) => {
    const [verb, template = ''] = name.split(' ');
    return verb === method && new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  });
}

/** Everything in a request that the description does not allow. */
export function faultsOfRequest(exchange: Exchange): string[] {
  const name = operationOf(exchange);
  if (name === undefined) return [`${exchange.method} ${exchange.path} is not described`];
  const { accept, query, body } = facts.operations[name]!;
  return [
    ...(exchange.accept === accept ? [] : [`Accept is ${exchange.accept} and not ${accept}`]),
    ...exchange.query.filter((field) => !query.includes(field)).map((field) => `query ${field} is unknown`),
    ...(body === undefined
      ? exchange.body === undefined
        ? []
        : ['there is a body']
      : faultsOf(body, exchange.body, 'body', { unknownFields: true })),
  ].map((fault) => `${name}: ${fault}`);
}

/** Everything in a successful answer that is not as described; more fields than described are allowed. */
export function faultsOfAnswer(exchange: Exchange): string[] {
  const name = operationOf(exchange);
  if (name === undefined) return [];
  const { status, data, listOf } = facts.operations[name]!;
  if (exchange.status !== status) return [`${name}: ${exchange.status} instead of ${status}`];
  const answered = (exchange.answer as { data?: unknown }).data;
  const shape: Shape | undefined =
    listOf === undefined
      ? data === undefined
        ? undefined
        : facts.shapes[data]
      : {
          type: 'object',
          required: ['items'],
          properties: { items: { type: 'array', items: facts.shapes[listOf]! } },
        };
  if (shape === undefined) return [];
  return faultsOf(shape, answered, 'data', { unknownFields: false }).map((fault) => `${name}: ${fault}`);
}

function faultsOf(shape: Shape, value: unknown, at: string, forbid: { unknownFields: boolean }): string[] {
  if (value === null) return [];
  if (shape.enum !== undefined) {
    const isWord = shape.enum.includes(typeof value === 'string' ? value : JSON.stringify(value));
    return isWord ? [] : [`${at} is ${JSON.stringify(value)}`];
  }
  const { items, map, properties, required = [], type = 'object' } = shape;
  if (!isKind(type, value)) return [`${at} is no ${type}`];
  if (Array.isArray(value) && items !== undefined) {
    return value.flatMap((item, index) => faultsOf(items, item, `${at}[${index}]`, forbid));
  }
  if (map === undefined && properties === undefined) return [];
  const fields = new Map<string, unknown>(Object.entries(value as object));
  return [
    ...required.filter((field) => !fields.has(field)).map((field) => `${at}.${field} is missing`),
    ...[...fields].flatMap(([field, inner]) => {
      const known = map ?? properties?.[field];
      if (known === undefined) return forbid.unknownFields ? [`${at}.${field} is unknown`] : [];
      return faultsOf(known, inner, `${at}.${field}`, forbid);
    }),
  ];
}

function isKind(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'object':
      return typeof value === 'object';
    case 'array':
      return Array.isArray(value);
    default:
      return typeof value === type;
  }
}
