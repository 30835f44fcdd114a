import { AwsError } from '../service.ts';
import type { Reply } from './reply.ts';

/**
 * JSON text of an output: dates as seconds since the epoch with fraction, bytes as base64, absent values left out.
 */
export function writeJson(output: unknown): string {
  return JSON.stringify(toJson(output) ?? {});
}

function toJson(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Map) return toJson(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .map(([name, member]) => [name, toJson(member)]),
    );
  }
  return value;
}

/**
 * The body of a JSON request; an empty body is an empty input.
 *
 * @throws AwsError SerializationException when it is not a JSON object
 */
export function readJsonInput(body: string): Record<string, unknown> {
  if (body.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'The body of the request is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'Start of structure or map found where not expected.');
  }
  return { ...value };
}

const contentType = (jsonVersion: string): Record<string, string> => ({
  'content-type': `application/x-amz-json-${jsonVersion}`,
});

/** https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export function writeJsonOutput(jsonVersion: string, output: unknown): Reply {
  return { statusCode: 200, headers: contentType(jsonVersion), body: writeJson(output) };
}

/**
 * https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#operation-error-serialization
 *
 * @param queryCode what the service's query protocol calls the error, for clients that know that name
 */
export function writeJsonError(jsonVersion: string, error: AwsError, queryCode?: string): Reply {
  const sender = error.statusCode < 500 ? 'Sender' : 'Receiver';
  return {
    statusCode: error.statusCode,
    headers: {
      ...contentType(jsonVersion),
      ...(queryCode === undefined ? {} : { 'x-amzn-query-error': `${queryCode};${sender}` }),
    },
    body: JSON.stringify({ __type: error.code, message: error.message }),
  };
}
