import path from 'node:path';
import { noSettingsFiles } from '../../surroundings.ts';

/** A function as the template describes it. */
export interface FunctionConfiguration {
  name: string;
  arn: string;
  /** The folder of functions/, for instance `validate-endpoint`. */
  folder: string;
  /** Path of the bundle and its export, for instance `.build/validate-endpoint/index.handler`. */
  handler: string;
  description: string;
  runtime: string;
  architecture: string;
  roleArn: string;
  memoryMb: number;
  timeoutSeconds: number;
  environment: Record<string, string>;
  /** Executions at once; more wait. Undefined: the host's own bound. */
  reservedConcurrency: number | undefined;
}

/** Where a function's code is: `.build/x/index.handler` is exported by `.build/x/index.mjs`. */
export function bundlePath(root: string, handler: string): string {
  return path.join(root, `${handler.slice(0, handler.lastIndexOf('.'))}.mjs`);
}

/**
 * What Lambda itself puts in a function's environment.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
 */
export function lambdaVariables(
  { name, handler, memoryMb, runtime }: FunctionConfiguration,
  region: string,
  logStream: string,
): Record<string, string> {
  return {
    _HANDLER: handler,
    AWS_DEFAULT_REGION: region,
    AWS_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_ACCESS_KEY_ID: 'ASIALOCALFUNCTIONXXX',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
    ...noSettingsFiles,
    LAMBDA_TASK_ROOT: '/var/task',
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
