import { readInput, type Input, type InputErrors } from '../input.ts';
import { takePage } from '../paging.ts';
import { createProperties } from '../properties.ts';
import { AwsError, RestAnswer, type Service } from '../service.ts';
import { isJsonObject, parseJson, toJson, type Json } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import type { LambdaHost } from './lambda-host.ts';

interface Account {
  accountId: string;
  region: string;
}

/** The part of the Lambda API that invokes, shows and changes functions: https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
export function lambdaService(host: LambdaHost, account: Account): Service {
  const need = (name: unknown): FunctionConfiguration => {
    const found = typeof name === 'string' ? host.find(name) : undefined;
    if (found === undefined) {
      const arn = `arn:aws:lambda:${account.region}:${account.accountId}:function:${String(name)}`;
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return found;
  };
  return {
    scope: 'lambda',
    protocols: [
      {
        kind: 'rest-json',
        routes: [
          { method: 'POST', path: '/2015-03-31/functions/{FunctionName}/invocations', operation: 'Invoke' },
          {
            method: 'GET',
            path: '/2015-03-31/functions/{FunctionName}/configuration',
            operation: 'GetFunctionConfiguration',
          },
          {
            method: 'PUT',
            path: '/2015-03-31/functions/{FunctionName}/configuration',
            operation: 'UpdateFunctionConfiguration',
          },
          { method: 'GET', path: '/2015-03-31/functions/{FunctionName}', operation: 'GetFunction' },
          { method: 'GET', path: '/2015-03-31/functions', operation: 'ListFunctions' },
        ],
      },
    ],
    operations: {
      Invoke: async ({ input }) => {
        const configuration = need(input.FunctionName);
        const headers = new Map(isHeaders(input.headers) ? Object.entries(input.headers) : []);
        const type = headers.get('x-amz-invocation-type') ?? 'RequestResponse';
        const event = readEvent(input.body);
        if (type === 'DryRun') return new RestAnswer(204, {}, '');
        if (type === 'Event') {
          host.invokeAsync(configuration.name, event);
          return new RestAnswer(202, {}, '');
        }
        if (type !== 'RequestResponse') {
          throw new AwsError('InvalidParameterValueException', `Unsupported invocation type: ${type}`);
        }
        const invocation = await host.invoke(configuration.name, event);
        const failed = 'error' in invocation;
        return new RestAnswer(
          200,
          { 'X-Amz-Executed-Version': '$LATEST', ...(failed ? { 'X-Amz-Function-Error': 'Unhandled' } : {}) },
          JSON.stringify(failed ? invocation.error : invocation.payload),
        );
      },
      ListFunctions: ({ input }) => {
        const { optionalString, integer } = readInput(input, inputErrors);
        const { items, nextToken } = takePage(host.functions(), ({ name }) => name, {
          limit: integer('MaxItems', { min: 1, max: 10_000 }) ?? 50,
          token: optionalString('Marker'),
          invalidToken: () => new AwsError('InvalidParameterValueException', 'The marker is not valid.'),
        });
        return { Functions: items.map(describe), NextMarker: nextToken };
      },
      UpdateFunctionConfiguration: ({ input }) => {
        const configuration = need(input.FunctionName);
        const change = readChange(input.body);
        const other = change.names.find((name) => name !== 'Timeout');
        if (other !== undefined) {
          throw new AwsError(
            'InvalidParameterValueException',
            `The local Lambda changes the Timeout of a function only, not its ${other}.`,
          );
        }
        const changed = {
          ...configuration,
          timeoutSeconds: change.integer('Timeout', { min: 1, max: 900 }) ?? configuration.timeoutSeconds,
        };
        host.register(changed);
        return describe(changed);
      },
      GetFunctionConfiguration: ({ input }) => describe(need(input.FunctionName)),
      GetFunction: ({ input }) => ({ Configuration: describe(need(input.FunctionName)) }),
    },
  };
}

/** Makes the template's functions real. */
export function lambdaResources(host: LambdaHost, { accountId, region }: Account): ResourceHandlers {
  return {
    'AWS::Lambda::Function': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const name = properties.optionalString('FunctionName') ?? logicalId;
      const arn = `arn:aws:lambda:${region}:${accountId}:function:${name}`;
      const handler = properties.string('Handler');
      const environment = properties.structure('Environment')?.structure('Variables');
      host.register({
        name,
        arn,
        folder: /^\.build\/([^/]+)\//.exec(handler)?.[1] ?? name,
        handler,
        description: properties.optionalString('Description') ?? '',
        runtime: properties.string('Runtime'),
        architecture: properties.strings('Architectures')[0] ?? 'x86_64',
        roleArn: properties.string('Role'),
        memoryMb: properties.integer('MemorySize') ?? 128,
        timeoutSeconds: properties.integer('Timeout') ?? 3,
        environment: Object.fromEntries(
          (environment?.names ?? []).map((variable) => [
            variable,
            environment?.optionalString(variable) ?? '',
          ]),
        ),
        reservedConcurrency: properties.integer('ReservedConcurrentExecutions'),
      });
      return { ref: name, attributes: { Arn: arn } };
    },
    'AWS::Lambda::EventInvokeConfig': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const destination = properties.structure('DestinationConfig')?.structure('OnFailure');
      host.configureAsync(properties.string('FunctionName'), {
        maximumRetryAttempts: properties.integer('MaximumRetryAttempts', { min: 0, max: 2 }) ?? 2,
        onFailure: destination?.optionalString('Destination'),
      });
      return { ref: logicalId };
    },
  };
}

const inputErrors: InputErrors = {
  missing: (name) => new AwsError('InvalidParameterValueException', `${name} is missing.`),
  invalid: (name, _value, expectation) =>
    new AwsError('InvalidParameterValueException', `${name}: expected ${expectation}.`),
};

function readChange(body: unknown): Input {
  const change = readEvent(body);
  if (!isJsonObject(change)) {
    throw new AwsError('InvalidRequestContentException', 'The request body is not an object.');
  }
  return readInput(change, inputErrors);
}

function isHeaders(value: unknown): value is Record<string, string> {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
}

function readEvent(body: unknown): Json {
  const text = body instanceof Uint8Array ? Buffer.from(body).toString() : '';
  if (text === '') return {};
  try {
    return parseJson(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError('InvalidRequestContentException', `Could not parse request body into json: ${reason}`);
  }
}

function describe(configuration: FunctionConfiguration): Json {
  const {
    name,
    arn,
    handler,
    description,
    runtime,
    architecture,
    roleArn,
    memoryMb,
    timeoutSeconds,
    environment,
  } = configuration;
  return toJson({
    FunctionName: name,
    FunctionArn: arn,
    Runtime: runtime,
    Role: roleArn,
    Handler: handler,
    Description: description,
    Timeout: timeoutSeconds,
    MemorySize: memoryMb,
    Version: '$LATEST',
    Environment: { Variables: environment },
    PackageType: 'Zip',
    Architectures: [architecture],
    State: 'Active',
    LastUpdateStatus: 'Successful',
    CodeSize: 0,
  });
}
