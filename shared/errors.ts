/**
 * Every failure that the service throws. Retry and Catch in the state machines match on `name`, so each class
 * carries its name as a literal: a bundler may rename classes, never strings.
 *
 * An expected answer (held, unhealthy, short) is not an error; it is returned.
 */
export abstract class ServiceError extends Error {
  abstract override readonly name: string;
}

/** The input of a function or an event does not have the promised shape. Names every offending field. */
export class InvalidInputError extends ServiceError {
  override readonly name = 'InvalidInputError';
}

/** A setting or a secret is missing or malformed. The message names it, the value found, and what it must be. */
export class ConfigError extends ServiceError {
  override readonly name = 'ConfigError';
}

/**
 * A service that we call is unreachable, throttles us or answers 5xx, and the client's own retries are used up.
 * State machines retry it: waiting may mend it.
 */
export class UnavailableError extends ServiceError {
  override readonly name = 'UnavailableError';
}

/** A service refused our credentials or permissions. The message names the secret or the permission to change. */
export class AccessDeniedError extends ServiceError {
  override readonly name = 'AccessDeniedError';
}

/** A thing that the input names does not exist. */
export class NotFoundError extends ServiceError {
  override readonly name = 'NotFoundError';
}

/**
 * Fivetran refused a request as it stands: another try of the same request cannot succeed. Carries the HTTP status
 * and Fivetran's own code and message, never a secret.
 */
export class FivetranRequestError extends ServiceError {
  override readonly name = 'FivetranRequestError';
  readonly status: number;
  readonly code: string;

  constructor(message: string, details: { status: number; code: string; cause?: unknown }) {
    super(message, { cause: details.cause });
    this.status = details.status;
    this.code = details.code;
  }
}

/** A service answered something that its documentation does not describe. Names the fields that did not fit. */
export class UnexpectedAnswerError extends ServiceError {
  override readonly name = 'UnexpectedAnswerError';
}

/** PostgreSQL refused or stopped one of our statements. `sqlState` is PostgreSQL's code for why. */
export class SourceQueryError extends ServiceError {
  override readonly name = 'SourceQueryError';
  readonly sqlState: string;

  constructor(message: string, sqlState: string, options?: ErrorOptions) {
    super(message, options);
    this.sqlState = sqlState;
  }
}

/** Databricks refused or failed one of our statements, or the warehouse did not come up in time. */
export class DestinationQueryError extends ServiceError {
  override readonly name = 'DestinationQueryError';
  /** Databricks' own code, for instance `TABLE_OR_VIEW_NOT_FOUND`; empty when it gave none. */
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** EC2 refused to accept or reject an endpoint. The message carries EC2's own code. */
export class EndpointRefusedError extends ServiceError {
  override readonly name = 'EndpointRefusedError';
}
