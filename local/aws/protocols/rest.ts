import { RestAnswer, type AwsError, type RestRoute } from '../service.ts';
import { writeJson } from './json.ts';
import type { Reply } from './reply.ts';

const headers = { 'content-type': 'application/json' };

/** The route that a request takes, with its path labels decoded; nothing when the service has no such path. */
export function matchRoute(
  routes: readonly RestRoute[],
  method: string,
  path: string,
): { operation: string; labels: Record<string, string> } | undefined {
  for (const route of routes) {
    const match = route.method === method ? toPattern(route.path).exec(path) : null;
    if (match !== null) {
      const labels: Record<string, string> = {};
      for (const [name, value] of Object.entries(match.groups ?? {})) labels[name] = decode(value);
      return { operation: route.operation, labels };
    }
  }
  return undefined;
}

function toPattern(path: string): RegExp {
  const pattern = path
    .replaceAll(/[.*?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\{(\w+)(\+?)\}/g, (_, name: string, greedy: string) =>
      greedy === '' ? `(?<${name}>[^/]+)` : `(?<${name}>.+)`,
    );
  return new RegExp(`^${pattern}/?$`);
}

/** A label with a broken escape stays as it was sent: the operation then does not find it. */
function decode(label: string): string {
  try {
    return decodeURIComponent(label);
  } catch {
    return label;
  }
}

/** https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html */
export function writeRestOutput(output: unknown): Reply {
  if (output instanceof RestAnswer) {
    return { statusCode: output.statusCode, headers: { ...headers, ...output.headers }, body: output.body };
  }
  return { statusCode: 200, headers, body: writeJson(output) };
}

/** https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization */
export function writeRestError(error: AwsError): Reply {
  const body = JSON.stringify({ Type: error.statusCode < 500 ? 'User' : 'Service', Message: error.message });
  return { statusCode: error.statusCode, headers: { ...headers, 'x-amzn-errortype': error.code }, body };
}
