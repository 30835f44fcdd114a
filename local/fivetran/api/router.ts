import * as z from 'zod/mini';
import { jsonOf, type HttpReply, type HttpRequest } from '../../http-server.ts';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';

/** An answer of Fivetran's other than success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const notFound = (what: string, id: string): ApiError =>
  new ApiError(404, 'NotFound', `${what} with id ${id} not found`);
export const invalid = (message: string): ApiError => new ApiError(400, 'InvalidInput', message);

/** One request to a route, with what its pattern has matched. */
export interface Call {
  /** The values of the pattern's `:names`, in order. */
  params: readonly string[];
  query: URLSearchParams;
  /** Undefined when the request had no body. */
  body: Json | undefined;
}

export interface Answer {
  status?: number;
  message?: string;
  data?: Json;
}

export interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** For instance `connections/:id/sync`. */
  path: string;
  /** The version in the Accept header that this resource wants; absent for plain application/json. */
  version?: 2;
  run: (call: Call) => Answer | Promise<Answer>;
}

/**
 * Answers a request under `/v1`: key, route, method, Accept, content type and body are looked at in this order, and
 * every answer has Fivetran's shape `{code, message, data}`.
 */
export async function answer(
  routes: readonly Route[],
  authorization: string,
  request: HttpRequest,
): Promise<HttpReply> {
  try {
    if (request.headers.authorization !== authorization) {
      throw new ApiError(401, 'AuthFailed', 'Invalid API key or secret');
    }
    const { status = 200, message, data } = await route(routes, request);
    return {
      status,
      body: {
        code: 'Success',
        ...(message === undefined ? {} : { message }),
        ...(data === undefined ? {} : { data }),
      },
    };
  } catch (error) {
    if (error instanceof ApiError) {
      return { status: error.status, body: { code: error.code, message: error.message } };
    }
    throw error;
  }
}

function route(routes: readonly Route[], request: HttpRequest): Answer | Promise<Answer> {
  const [version, ...path] = request.path;
  const matching = version === 'v1' ? routes.filter(({ path: pattern }) => fits(pattern, path)) : [];
  if (matching.length === 0) throw new ApiError(404, 'NotFound', `Path /${request.path.join('/')} not found`);
  const found = matching.find(({ method }) => method === request.method);
  if (found === undefined) {
    throw new ApiError(405, 'MethodNotAllowed', `Method ${request.method} is not allowed here`);
  }
  const wanted = found.version === 2 ? 'application/json;version=2' : 'application/json';
  const accept = (request.headers.accept ?? '*/*').replaceAll(' ', '');
  if (accept !== wanted && accept !== '*/*') {
    throw new ApiError(406, 'NotAcceptable', `Accept must be ${wanted}`);
  }
  const hasBody = request.body !== '';
  const contentType = request.headers['content-type'] ?? '';
  if (hasBody && !/^application\/json\b/i.test(contentType)) {
    throw new ApiError(415, 'UnsupportedMediaType', 'Content-Type must be application/json');
  }
  const body = hasBody ? jsonOf(request.body) : undefined;
  if (hasBody && body === undefined)
    throw new ApiError(400, 'BadRequest', 'The request body is not valid JSON');
  const pattern = found.path.split('/');
  return found.run({
    params: path.filter((_, index) => pattern[index]?.startsWith(':') === true),
    query: request.query,
    body,
  });
}

function fits(pattern: string, path: readonly string[]): boolean {
  const parts = pattern.split('/');
  return (
    parts.length === path.length && parts.every((part, index) => part.startsWith(':') || part === path[index])
  );
}

/**
 * The body, typed by the schema.
 *
 * @throws ApiError 400 that names the first field that does not fit
 */
export function bodyOf<Schema extends z.ZodMiniType>(
  schema: Schema,
  body: Json | undefined,
): z.output<Schema> {
  if (body === undefined) throw new ApiError(400, 'BadRequest', 'The request body is required');
  if (!isJsonObject(body)) throw new ApiError(400, 'BadRequest', 'The request body must be a JSON object');
  const result = z.safeParse(schema, body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue === undefined ? 'The request body is not valid' : describe(issue, body));
}

function describe(issue: z.core.$ZodIssue, body: JsonObject): string {
  const name = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    return `Field '${[name, key].filter(Boolean).join('.')}' is not supported`;
  }
  const value = issue.path.reduce<Json | undefined>(
    (inner, key) => (isJsonObject(inner) ? inner[String(key)] : undefined),
    body,
  );
  if (value === undefined) return `Field '${name}' is required`;
  if (issue.code === 'invalid_value') {
    return `Field '${name}' must be one of: ${issue.values.map(String).join(', ')}`;
  }
  return `Field '${name}' is invalid: ${issue.message}`;
}
