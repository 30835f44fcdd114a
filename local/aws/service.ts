import type { ServerResponse } from 'node:http';

/** Who calls: the account that the access key id stands for. */
export interface Caller {
  accountId: string;
  accessKeyId: string;
  arn: string;
}

/** One AWS request, already read off its wire protocol. */
export interface Call {
  operation: string;
  /**
   * The parsed body. A query protocol's `Filter.1.Value.1=…` arrives as `{ Filter: [{ Value: ['…'] }] }`, and
   * `Names.member.1=…` as `{ Names: ['…'] }`; every leaf is a string there. A REST request arrives as path labels
   * and query parameters by name, beside `headers` (names in lower case) and `body` (bytes).
   */
  input: Record<string, unknown>;
  caller: Caller;
  region: string;
  requestId: string;
}

/**
 * Answers with the operation's output in the names of the wire (EC2: `vpcEndpointConnectionSet`); the endpoint
 * writes it in the request's protocol. A `Date` becomes what the protocol calls a timestamp, bytes become base64,
 * an absent value is left out, and in a query protocol a `Map` becomes `<entry>` elements.
 */
export type Operation = (call: Call) => unknown;

/** An error of the service, written in the protocol's own form. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly statusCode: number;

  constructor(code: string, message: string, statusCode = 400) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
  }
}

/** Where a REST operation lives: `{Name}` in the path is a label, `{Name+}` one that may contain slashes. */
export interface RestRoute {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  path: string;
  operation: string;
}

/** What a REST operation answers when a plain JSON body with status 200 is not enough. */
export class RestAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array | string;

  constructor(statusCode: number, headers: Record<string, string>, body: Uint8Array | string) {
    this.statusCode = statusCode;
    this.headers = headers;
    this.body = body;
  }
}

/**
 * How one service's query dialect differs from the common one: turns the flat parameters into the input that its
 * operations expect, and an output into the elements of the result.
 */
export interface QueryDialect {
  readInput: (operation: string, parameters: Record<string, unknown>) => Record<string, unknown>;
  writeOutput: (operation: string, output: unknown) => XmlElement[];
}

/** An XML element whose content is text or further elements. */
export interface XmlElement {
  name: string;
  content: string | XmlElement[];
}

interface QueryErrors {
  /** Codes that the query protocol spells differently; JSON tells them in `x-amzn-query-error`. */
  queryErrors?: Record<string, string>;
}

/** Wire protocols: https://smithy.io/2.0/aws/protocols/index.html */
export type Protocol =
  | { kind: 'ec2-query'; version: string }
  | ({ kind: 'query'; version: string; dialect?: QueryDialect } & QueryErrors)
  | ({ kind: 'json'; jsonVersion: '1.0' | '1.1' } & QueryErrors)
  | { kind: 'rest-json'; routes: RestRoute[] };

/** The parts of an HTTP request that a protocol reads. */
export interface RawRequest {
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  body: Buffer;
  /** Whether `body` is what was sent: one that is too large is left out. */
  isWhole: boolean;
}

/** One simulated AWS service. */
export interface Service {
  /** The service's name in a request's credential scope, by which the endpoint finds it. */
  scope: string;
  /** What its clients speak; the request tells which one when there are several. */
  protocols: Protocol[];
  /** By operation name; an operation that is not here gets the protocol's own "no such operation" error. */
  operations: Record<string, Operation>;
  /** Answers instead of the operations, for a service that has an HTTP server of its own. */
  handOver?: (request: RawRequest, response: ServerResponse) => void;
}

/** A request as far as permissions are concerned. */
export interface PermissionRequest {
  accessKeyId: string;
  /** The service's name in the credential scope, for instance `elasticloadbalancing`. */
  scope: string;
  operation: string;
  input: Record<string, unknown>;
}
