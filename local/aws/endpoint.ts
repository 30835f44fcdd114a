import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback, readBody } from '../loopback.ts';
import { chooseDialect, guessDialect, type Dialect } from './dialect.ts';
import type { Reply } from './protocols/reply.ts';
import { AwsError, type PermissionRequest, type RawRequest, type Service } from './service.ts';
import { readScope, toCaller, type Scope } from './signature.ts';

/** The one URL that AWS clients of the local stack are given as AWS_ENDPOINT_URL. */
export interface AwsEndpoint {
  /** For instance `http://127.0.0.1:40123`. */
  url: string;
  /** What it serves. */
  services: readonly Service[];
  /** Closes the port and every open connection. */
  stop(): Promise<void>;
}

interface EndpointSettings {
  /** The account of callers whose access key id is not an account id itself. */
  accountId: string;
  /** Region of requests that do not name one. */
  region: string;
  services: readonly Service[];
  /** Refuses what the caller may not do, by an AwsError; the default lets everybody do everything. */
  authorize?: (request: PermissionRequest) => void;
  /** Hears of a fault in a service, which its caller sees as InternalFailure. */
  onFault?: (error: unknown, operation: string) => void;
}

/** The largest body that is read, in bytes: above the largest that any of the real services takes. */
const largestBody = 20 * 1024 * 1024;

/**
 * Serves AWS services on a free loopback port. The credential scope of the signature says which service a request
 * is for; an unsigned request, an unknown service and an unknown operation get errors that the client can read.
 */
export async function startAwsEndpoint(settings: EndpointSettings): Promise<AwsEndpoint> {
  const services = new Map(settings.services.map((service) => [service.scope, service]));
  const server = createServer((request, response) => {
    void serve(request, response, services, settings);
  });
  const { port, stop } = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}`, services: settings.services, stop };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  services: ReadonlyMap<string, Service>,
  settings: EndpointSettings,
): Promise<void> {
  const requestId = randomUUID();
  // A target that is no URL, for instance `//`, is some path that no service has.
  const url = URL.parse(request.url ?? '/', 'http://aws.local') ?? new URL('http://aws.local/');
  const scope = readScope(request.headers.authorization, url);
  const service = scope === undefined ? undefined : services.get(scope.service);
  try {
    const raw = await readRequest(request, url);
    if (scope === undefined || service === undefined) {
      send(response, refuse(raw, requestId, scope?.service, services), requestId);
    } else if (service.handOver === undefined) {
      send(response, await answer(service, raw, requestId, scope, settings), requestId);
    } else {
      const refusal = refusalOf(service, raw, requestId, scope, settings);
      if (refusal === undefined) service.handOver(raw, response);
      else send(response, refusal, requestId);
    }
  } catch {
    // The client went away: nobody is left to answer.
    response.destroy();
  }
}

/** The answer to a request that its caller may not make and that another server would serve. */
function refusalOf(
  service: Service,
  raw: RawRequest,
  requestId: string,
  { accessKeyId }: Scope,
  { authorize }: EndpointSettings,
): Reply | undefined {
  const dialect = chooseDialect(service, raw, requestId);
  try {
    const { operation, input } = dialect.read();
    authorize?.({ accessKeyId, scope: service.scope, operation, input });
    return undefined;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return dialect.writeError(error);
  }
}

function refuse(
  raw: RawRequest,
  requestId: string,
  service: string | undefined,
  services: ReadonlyMap<string, Service>,
): Reply {
  const dialect = guessDialect(raw, requestId);
  if (service === undefined) {
    const code =
      raw.headers['x-amz-target'] === undefined
        ? 'MissingAuthenticationToken'
        : 'MissingAuthenticationTokenException';
    return dialect.writeError(new AwsError(code, 'Request is missing Authentication Token', 403));
  }
  const known = [...services.keys()].sort().join(', ');
  return dialect.writeError(
    new AwsError('UnknownService', `This endpoint does not serve "${service}". It serves: ${known}.`),
  );
}

async function answer(
  service: Service,
  raw: RawRequest,
  requestId: string,
  { region, accessKeyId }: Scope,
  { accountId, authorize, onFault }: EndpointSettings,
): Promise<Reply> {
  const dialect = chooseDialect(service, raw, requestId);
  let operation = '';
  try {
    if (!raw.isWhole) {
      throw new AwsError('RequestEntityTooLargeException', 'The body of the request is too large.', 413);
    }
    const request = dialect.read();
    operation = request.operation;
    const run = Object.hasOwn(service.operations, operation) ? service.operations[operation] : undefined;
    if (run === undefined) throw dialect.unknownOperation(operation);
    const { input } = request;
    authorize?.({ accessKeyId, scope: service.scope, operation, input });
    const output = await run({
      operation,
      input,
      caller: toCaller(accessKeyId, accountId),
      region,
      requestId,
    });
    return dialect.writeOutput(operation, output);
  } catch (error) {
    return failure(dialect, error, () => onFault?.(error, `${service.scope}:${operation}`));
  }
}

function failure(dialect: Dialect, error: unknown, report: () => void): Reply {
  if (error instanceof AwsError) return dialect.writeError(error);
  report();
  const message = error instanceof Error ? error.message : String(error);
  return dialect.writeError(new AwsError('InternalFailure', message, 500));
}

async function readRequest(request: IncomingMessage, url: URL): Promise<RawRequest> {
  const body = await readBody(request, largestBody);
  const headers: RawRequest['headers'] = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    method: request.method ?? 'GET',
    url,
    headers,
    body: body ?? Buffer.alloc(0),
    isWhole: body !== undefined,
  };
}

function send(response: ServerResponse, reply: Reply, requestId: string): void {
  response.writeHead(reply.statusCode, {
    ...reply.headers,
    'x-amzn-requestid': requestId,
    'content-length': Buffer.byteLength(reply.body),
  });
  response.end(reply.body);
}
