/** Who calls: the account that the access key id stands for. */
export interface Caller {
  accountId: string;
  accessKeyId: string;
  arn: string;
}

/** One AWS request, already read off its wire protocol. */
export interface Call {
  operation: string;
  /** The parsed body; a query protocol's `Filter.1.Value.1=…` arrives as `{ Filter: [{ Value: ['…'] }] }`. */
  input: Record<string, unknown>;
  caller: Caller;
  region: string;
  requestId: string;
}

/** Answers with the operation's output shape; the endpoint writes it in the request's protocol. */
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

/** Wire protocols: https://smithy.io/2.0/aws/protocols/index.html */
export type Protocol =
  | { kind: 'ec2-query'; version: string }
  | { kind: 'query'; version: string }
  | { kind: 'json'; jsonVersion: '1.0' | '1.1'; targetPrefix: string };

/** One simulated AWS service. */
export interface Service {
  /** The service's name in a request's credential scope, by which the endpoint finds it. */
  scope: string;
  /** What its clients speak; the request tells which one when there are several. */
  protocols: Protocol[];
  /** By operation name; an operation that is not here gets the protocol's own "no such operation" error. */
  operations: Record<string, Operation>;
}
