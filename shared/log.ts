import { Logger } from '@aws-lambda-powertools/logger';

type Fields = Record<string, unknown>;

/**
 * Structured log lines: a stable `code` to search for, one sentence, and fields. Never a secret, never a row.
 * The level comes from POWERTOOLS_LOG_LEVEL.
 */
export interface Log {
  debug(code: string, sentence: string, fields?: Fields): void;
  info(code: string, sentence: string, fields?: Fields): void;
  warn(code: string, sentence: string, fields?: Fields): void;
  error(code: string, sentence: string, fields?: Fields): void;
  /** Adds fields to every later line of this invocation, for instance ids as soon as they are known. */
  remember(fields: Fields): void;
  /** Forgets what the last invocation remembered. */
  forget(): void;
}

/** A log whose lines carry the function's name as `service`. */
export function createLog(functionName: string): Log {
  const logger = new Logger({ serviceName: functionName });
  return {
    debug: (code, sentence, fields = {}) => logger.debug(sentence, { code, ...fields }),
    info: (code, sentence, fields = {}) => logger.info(sentence, { code, ...fields }),
    warn: (code, sentence, fields = {}) => logger.warn(sentence, { code, ...fields }),
    error: (code, sentence, fields = {}) => logger.error(sentence, { code, ...fields }),
    remember: (fields) => logger.appendKeys(fields),
    forget: () => logger.resetKeys(),
  };
}
