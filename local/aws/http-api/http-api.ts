import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createProperties } from '../properties.ts';
import { isJsonObject, type Json, type JsonObject } from '../../json.ts';
import { listenOnLoopback, readBody } from '../../loopback.ts';
import { makeCertificates } from '../../postgres/certificates.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';

/** API Gateway's HTTP APIs, served over https on one free loopback port. */
export interface HttpApi {
  /** For instance `https://127.0.0.1:40123`. */
  url: string;
  /** The authority that signed the server's certificate, PEM. */
  caPem: string;
  resources: ResourceHandlers;
  stop: () => Promise<void>;
}

interface HttpApiOptions {
  accountId: string;
  region: string;
  /** `sourceArn` is the route's, as a function's permission names it. */
  invoke: (
    functionArn: string,
    event: Json,
    sourceArn: string,
  ) => Promise<{ payload: Json } | { error: unknown }>;
  now?: () => number;
}

interface Throttle {
  ratePerSecond: number;
  burst: number;
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const largestBody = 10 * 1024 * 1024;

export async function startHttpApi({
  accountId,
  region,
  invoke,
  now = Date.now,
}: HttpApiOptions): Promise<HttpApi> {
  const integrations = new Map<string, string>();
  const routes = new Map<string, string>();
  let apiId = 'local';
  let bucket: (() => boolean) | undefined;
  const certificates = await makeCertificates('fivetran-privatelink local authority', [
    '127.0.0.1',
    'localhost',
  ]);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'https://localhost');
    const routeKey = [`${request.method ?? 'GET'} ${url.pathname}`, `ANY ${url.pathname}`, '$default'].find(
      (key) => routes.has(key),
    );
    const functionArn = integrations.get(routes.get(routeKey ?? '') ?? '');
    if (routeKey === undefined || functionArn === undefined) {
      refuse(response, 404, 'Not Found');
      return;
    }
    if (bucket?.() === false) {
      refuse(response, 429, 'Too Many Requests');
      return;
    }
    const body = await readBody(request, largestBody);
    if (body === undefined) {
      refuse(response, 413, 'Request Entity Too Large');
      return;
    }
    const event = eventOf(request, url, body, { routeKey, accountId, apiId, region, now: now() });
    const [method = '', route = ''] = routeKey.split(' ');
    const sourceArn = `arn:aws:execute-api:${region}:${accountId}:${apiId}/$default/${method}${route}`;
    const outcome = await invoke(functionArn, event, sourceArn).catch((error: unknown) => ({ error }));
    if ('error' in outcome) refuse(response, 500, 'Internal Server Error');
    else answer(response, outcome.payload);
  };

  const server = createServer(
    { key: certificates.keyPem, cert: certificates.certificatePem },
    (request, response) => {
      serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    },
  );
  const { port, stop } = await listenOnLoopback(server);

  return {
    url: `https://127.0.0.1:${port}`,
    caPem: certificates.caPem,
    stop,
    resources: {
      'AWS::ApiGatewayV2::Api': () => {
        apiId = randomUUID().slice(0, 10).replace('-', '0');
        return { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: `https://127.0.0.1:${port}` } };
      },
      'AWS::ApiGatewayV2::Stage': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        const settings = properties.structure('DefaultRouteSettings');
        const ratePerSecond = settings?.integer('ThrottlingRateLimit');
        const burst = settings?.integer('ThrottlingBurstLimit');
        if (ratePerSecond !== undefined && burst !== undefined) {
          bucket = tokenBucket({ ratePerSecond, burst }, now);
        }
        return { ref: properties.string('StageName') };
      },
      'AWS::ApiGatewayV2::Integration': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        integrations.set(logicalId, properties.string('IntegrationUri'));
        return { ref: logicalId, attributes: { IntegrationId: logicalId } };
      },
      'AWS::ApiGatewayV2::Route': (logicalId, values) => {
        const properties = createProperties(logicalId, values);
        routes.set(properties.string('RouteKey'), properties.string('Target').replace(/^integrations\//, ''));
        return { ref: logicalId };
      },
    },
  };
}

function tokenBucket({ ratePerSecond, burst }: Throttle, now: () => number): () => boolean {
  let tokens = burst;
  let at = now();
  return () => {
    tokens = Math.min(burst, tokens + ((now() - at) / 1000) * ratePerSecond);
    at = now();
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function eventOf(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  at: { routeKey: string; accountId: string; apiId: string; region: string; now: number },
): JsonObject {
  const headers: JsonObject = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (name !== 'cookie' && value !== undefined)
      headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  const query: Record<string, string> = {};
  for (const [name, value] of url.searchParams)
    query[name] = name in query ? `${query[name] ?? ''},${value}` : value;
  const isText = /^(text\/|application\/(json|xml|javascript))/.test(
    request.headers['content-type'] ?? 'text/plain',
  );
  const domainName = `${at.apiId}.execute-api.${at.region}.amazonaws.com`;
  const cookies = request.headers.cookie?.split('; ');
  return {
    version: '2.0',
    routeKey: at.routeKey,
    rawPath: url.pathname,
    rawQueryString: url.search.replace(/^\?/, ''),
    ...(cookies === undefined ? {} : { cookies }),
    headers,
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    requestContext: {
      accountId: at.accountId,
      apiId: at.apiId,
      domainName,
      domainPrefix: at.apiId,
      http: {
        method: request.method ?? 'GET',
        path: url.pathname,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: at.routeKey,
      stage: '$default',
      time: new Date(at.now).toUTCString(),
      timeEpoch: at.now,
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** An answer without statusCode is a body of its own: format 2.0 infers the rest. */
function answer(response: ServerResponse, payload: Json): void {
  if (!isJsonObject(payload) || !('statusCode' in payload)) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof payload === 'string' ? payload : JSON.stringify(payload));
    return;
  }
  const { statusCode, headers, body, isBase64Encoded } = payload;
  const status = Number(statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    refuse(response, 500, 'Internal Server Error');
    return;
  }
  for (const [name, value] of Object.entries(isJsonObject(headers) ? headers : {})) {
    response.setHeader(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.statusCode = status;
  const text = typeof body === 'string' ? body : '';
  response.end(isBase64Encoded === true ? Buffer.from(text, 'base64') : text);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ message }));
}
