import { readInput, validationErrors, type Input } from '../input.ts';
import { takePage } from '../paging.ts';
import { createProperties } from '../properties.ts';
import { AwsError, type Call, type Operation, type Service } from '../service.ts';
import { toJson, isJsonObject } from '../../json.ts';
import type { ResourceHandlers } from '../../template/resource-handler.ts';
import { DefinitionError } from './definition.ts';
import { toWire } from './history.ts';
import { StepFunctionsError, type Execution, type Machine } from './execution.ts';
import type { StepFunctions } from './step-functions.ts';

const statuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];

/** The Step Functions API: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Operations.html */
export function stepFunctionsService(stepFunctions: StepFunctions): Service {
  const operation =
    (run: (input: Input, call: Call) => unknown): Operation =>
    (call) => {
      try {
        return run(readInput(call.input, validationErrors), call);
      } catch (error) {
        if (error instanceof StepFunctionsError) throw new AwsError(error.code, error.message);
        throw error;
      }
    };
  const machineOf = (input: Input): Machine =>
    stepFunctions.machine(arn(input, 'stateMachineArn', 'stateMachine'));
  const executionOf = (input: Input): Execution =>
    stepFunctions.execution(arn(input, 'executionArn', 'execution'));
  return {
    scope: 'states',
    protocols: [{ kind: 'json', jsonVersion: '1.0' }],
    operations: {
      StartExecution: operation((input, call) => {
        const name = input.optionalString('name');
        const started = stepFunctions.start(machineOf(input).arn, input.optionalString('input') ?? '{}', {
          ...(name === undefined ? {} : { name }),
          startedBy: call.caller.arn,
        });
        return { executionArn: started.arn, startDate: started.startedAt };
      }),
      StopExecution: operation((input) => {
        const error = input.optionalString('error');
        const cause = input.optionalString('cause');
        const stopped = stepFunctions.stop(executionOf(input).arn, {
          ...(error === undefined ? {} : { error }),
          ...(cause === undefined ? {} : { cause }),
        });
        return { stopDate: stopped.endedAt ?? new Date() };
      }),
      DescribeExecution: operation((input) => {
        const execution = executionOf(input);
        return {
          ...summary(execution),
          input: execution.input,
          inputDetails: { included: true },
          output: execution.output,
          outputDetails: execution.output === undefined ? undefined : { included: true },
          error: execution.error,
          cause: execution.cause,
          redriveStatus: redriveStatus(execution),
        };
      }),
      ListExecutions: operation((input) => {
        const machine = machineOf(input);
        const status = input.optionalString('statusFilter');
        if (status !== undefined && !statuses.includes(status)) {
          throw validationErrors.invalid('statusFilter', status, `one of ${statuses.join(', ')}`);
        }
        const found = stepFunctions
          .executions()
          .filter((execution) => execution.machine.arn === machine.arn)
          .filter((execution) => status === undefined || execution.status === status)
          .toReversed();
        const { items, nextToken } = page(found, (execution) => execution.arn, input);
        return { executions: items.map(summary), nextToken };
      }),
      ListStateMachines: operation((input) => {
        const { items, nextToken } = page(stepFunctions.machines(), (machine) => machine.arn, input);
        return {
          stateMachines: items.map(({ arn: stateMachineArn, name, createdAt }) => ({
            stateMachineArn,
            name,
            type: 'STANDARD',
            creationDate: createdAt,
          })),
          nextToken,
        };
      }),
      DescribeStateMachine: operation((input) => describe(machineOf(input))),
      DescribeStateMachineForExecution: operation((input) => {
        const { arn: stateMachineArn, name, definitionText, roleArn, createdAt } = executionOf(input).machine;
        return { stateMachineArn, name, definition: definitionText, roleArn, updateDate: createdAt };
      }),
      GetExecutionHistory: operation((input) => {
        const { history } = executionOf(input);
        const events = input.boolean('reverseOrder') === true ? history.toReversed() : history;
        const { items, nextToken } = page(events, ({ id }) => String(id), input);
        const withData = input.boolean('includeExecutionData') ?? true;
        return { events: items.map((event) => toWire(event, withData)), nextToken };
      }),
    },
  };
}

/** Makes the template's machines real. `shortName` turns a deployed name into the one people know. */
export function stepFunctionsResources(
  stepFunctions: StepFunctions,
  shortName: (name: string) => string,
): ResourceHandlers {
  return {
    'AWS::StepFunctions::StateMachine': (logicalId, values) => {
      const properties = createProperties(logicalId, values);
      const name = properties.optionalString('StateMachineName') ?? logicalId;
      const logging = toJson(values.LoggingConfiguration);
      try {
        const machine = stepFunctions.register({
          name,
          shortName: shortName(name),
          roleArn: properties.string('RoleArn'),
          definition: properties.string('DefinitionString'),
          ...(isJsonObject(logging) ? { logging } : {}),
        });
        return { ref: machine.arn, attributes: { Arn: machine.arn, Name: name } };
      } catch (error) {
        if (!(error instanceof DefinitionError)) throw error;
        throw new DefinitionError(`${logicalId}: ${error.message}`);
      }
    },
  };
}

function arn(input: Input, name: string, kind: 'stateMachine' | 'execution'): string {
  const value = input.string(name);
  if (!new RegExp(`^arn:aws[a-z-]*:states:[a-z0-9-]+:\\d{12}:${kind}:.+`).test(value)) {
    throw new AwsError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${value}'`);
  }
  return value;
}

function page<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  input: Input,
): { items: Item[]; nextToken: string | undefined } {
  const wanted = input.integer('maxResults', { min: 0, max: 1000 }) ?? 0;
  return takePage(items, keyOf, {
    limit: wanted === 0 ? 100 : wanted,
    token: input.optionalString('nextToken'),
    invalidToken: () => new AwsError('InvalidToken', "Invalid Token: 'Invalid token'"),
  });
}

function summary({
  arn: executionArn,
  machine,
  name,
  status,
  startedAt,
  endedAt,
}: Execution): Record<string, unknown> {
  return {
    executionArn,
    stateMachineArn: machine.arn,
    name,
    status,
    startDate: startedAt,
    stopDate: endedAt,
    redriveCount: 0,
  };
}

function redriveStatus({ status }: Execution): string {
  return status === 'RUNNING' || status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE';
}

function describe(machine: Machine): Record<string, unknown> {
  return {
    stateMachineArn: machine.arn,
    name: machine.name,
    status: 'ACTIVE',
    definition: machine.definitionText,
    roleArn: machine.roleArn,
    type: 'STANDARD',
    creationDate: machine.createdAt,
    loggingConfiguration: machine.logging ?? { level: 'OFF', includeExecutionData: false },
    tracingConfiguration: { enabled: false },
    encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
  };
}
