import { readJsonInput, writeJsonError, writeJsonOutput } from './protocols/json.ts';
import { writeEc2Error, writeEc2Output } from './protocols/ec2-query.ts';
import { readQueryInput } from './protocols/query-input.ts';
import { writeQueryError, writeQueryOutput } from './protocols/query.ts';
import type { Reply } from './protocols/reply.ts';
import { matchRoute, writeRestError, writeRestOutput } from './protocols/rest.ts';
import { AwsError, type Protocol, type RawRequest, type Service } from './service.ts';

/** One request's language: how to read what it wants, and how to write the answer or the error. */
export interface Dialect {
  /** @throws AwsError when the request names no operation or cannot be read */
  read: () => { operation: string; input: Record<string, unknown> };
  writeOutput: (operation: string, output: unknown) => Reply;
  writeError: (error: AwsError) => Reply;
  /** What this protocol says to an operation that the service does not have. */
  unknownOperation: (operation: string) => AwsError;
}

/** The dialect that the request speaks, out of those that its service understands. */
export function chooseDialect(service: Service, request: RawRequest, requestId: string): Dialect {
  const usesTarget = request.headers['x-amz-target'] !== undefined;
  const fits = (protocol: Protocol): boolean =>
    protocol.kind === 'json' ? usesTarget : protocol.kind === 'rest-json' || !usesTarget;
  const protocol = service.protocols.find(fits) ?? service.protocols[0];
  if (protocol === undefined) throw new Error(`The service ${service.scope} has no protocol.`);
  return toDialect(service, protocol, request, requestId);
}

/** A dialect for a request whose service is not known, so that its client can read the error all the same. */
export function guessDialect(request: RawRequest, requestId: string): Dialect {
  return toDialect({ scope: 'local', protocols: [], operations: {} }, guess(request), request, requestId);
}

function guess(request: RawRequest): Protocol {
  if (request.headers['x-amz-target'] !== undefined) {
    const jsonVersion = request.headers['content-type']?.includes('1.0') === true ? '1.0' : '1.1';
    return { kind: 'json', jsonVersion };
  }
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true) {
    const parameters = new URLSearchParams(request.body.toString());
    const version = parameters.get('Version') ?? '';
    return version === '2016-11-15' ? { kind: 'ec2-query', version } : { kind: 'query', version };
  }
  return { kind: 'rest-json', routes: [] };
}

function toDialect(service: Service, protocol: Protocol, request: RawRequest, requestId: string): Dialect {
  switch (protocol.kind) {
    case 'ec2-query':
      return {
        read: () => readQuery(request),
        writeOutput: (operation, output) => writeEc2Output(operation, protocol.version, output, requestId),
        writeError: (error) => writeEc2Error(error, requestId),
        unknownOperation: (operation) =>
          new AwsError('InvalidAction', `The action ${operation} is not valid for this web service.`),
      };
    case 'query': {
      const { version, dialect } = protocol;
      const answer = { service: service.scope, version, requestId, dialect };
      return {
        read: () => {
          const { operation, input } = readQuery(request);
          return { operation, input: dialect?.readInput(operation, input) ?? input };
        },
        writeOutput: (operation, output) => writeQueryOutput({ ...answer, operation }, output),
        writeError: (error) => writeQueryError(answer, error, protocol.queryErrors?.[error.code]),
        unknownOperation: (operation) =>
          new AwsError('InvalidAction', `Could not find operation ${operation} for version ${version}`),
      };
    }
    case 'json':
      return {
        read: () => ({
          operation: readTarget(request),
          input: readJsonInput(request.body.toString()),
        }),
        writeOutput: (_, output) => writeJsonOutput(protocol.jsonVersion, output),
        writeError: (error) =>
          writeJsonError(protocol.jsonVersion, error, protocol.queryErrors?.[error.code]),
        unknownOperation: (operation) =>
          new AwsError('UnknownOperationException', `The operation ${operation} is not known.`),
      };
    case 'rest-json':
      return {
        read: () => readRest(request, protocol.routes),
        writeOutput: (_, output) => writeRestOutput(output),
        writeError: writeRestError,
        unknownOperation: noSuchPath,
      };
  }
}

function readQuery({ url, body }: RawRequest): { operation: string; input: Record<string, unknown> } {
  const parameters = new URLSearchParams(body.length > 0 ? body.toString() : url.search);
  for (const name of [...parameters.keys()]) if (name.startsWith('X-Amz-')) parameters.delete(name);
  const operation = parameters.get('Action');
  if (operation === null || operation === '') {
    throw new AwsError('MissingAction', 'The request must contain the parameter Action.');
  }
  return { operation, input: readQueryInput(parameters) };
}

function readTarget({ headers }: RawRequest): string {
  const target = headers['x-amz-target'] ?? '';
  const operation = target.slice(target.lastIndexOf('.') + 1);
  // Clients of different ages name one service differently before the dot; the signature says which one is meant.
  if (operation === '' || operation === target) {
    throw new AwsError('UnknownOperationException', `X-Amz-Target "${target}" names no operation.`);
  }
  return operation;
}

const noSuchPath = (operation: string): AwsError =>
  new AwsError('UnknownOperationException', `The service has no operation at ${operation}.`, 404);

function readRest(
  request: RawRequest,
  routes: Extract<Protocol, { kind: 'rest-json' }>['routes'],
): { operation: string; input: Record<string, unknown> } {
  const { method, url, headers, body } = request;
  const match = matchRoute(routes, method, url.pathname);
  if (match === undefined) throw noSuchPath(`${method} ${url.pathname}`);
  const query = Object.fromEntries(url.searchParams);
  return { operation: match.operation, input: { ...query, ...match.labels, headers, body } };
}
