import { expect } from 'vitest';
import { accountId, region } from '../services.ts';
import { textAt, type ServiceCases } from './case.ts';

const isDate = expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string;
const queueArn = `arn:aws:sqs:${region}:${accountId}:undelivered`;

/** Two buses and a rule to a queue. */
export const events: ServiceCases = {
  service: 'events',
  cases: [
    {
      operation: 'ListEventBuses',
      output: () => ({ EventBuses: [{ Name: 'default' }, { Name: 'own' }] }),
    },
    { operation: 'DescribeEventBus', input: () => ({ Name: 'own' }), output: () => ({ Name: 'own' }) },
    {
      operation: 'DescribeEventBus',
      about: 'of a bus that does not exist',
      input: () => ({ Name: 'absent' }),
      error: 'ResourceNotFoundException',
    },
    {
      operation: 'ListRules',
      input: () => ({ EventBusName: 'own' }),
      output: () => ({ Rules: [{ Name: 'to-queue', State: 'ENABLED' }] }),
    },
    {
      operation: 'DescribeRule',
      input: () => ({ Name: 'to-queue', EventBusName: 'own' }),
      output: () => ({ EventPattern: '{"source":["test"]}' }),
    },
    {
      operation: 'ListTargetsByRule',
      input: () => ({ Rule: 'to-queue', EventBusName: 'own' }),
      output: () => ({ Targets: [{ Id: 'queue', Arn: queueArn }] }),
    },
    {
      operation: 'ListRuleNamesByTarget',
      input: () => ({ TargetArn: queueArn, EventBusName: 'own' }),
      output: () => ({ RuleNames: ['to-queue'] }),
    },
    {
      operation: 'DisableRule',
      input: () => ({ Name: 'to-queue', EventBusName: 'own' }),
      output: () => ({}),
    },
    { operation: 'EnableRule', input: () => ({ Name: 'to-queue', EventBusName: 'own' }), output: () => ({}) },
    {
      operation: 'PutEvents',
      input: () => ({
        Entries: [
          { EventBusName: 'own', Source: 'test', DetailType: 'Tried', Detail: '{"n":1}' },
          { EventBusName: 'own', Source: 'test', DetailType: 'Broken', Detail: 'no JSON' },
        ],
      }),
      output: () => ({
        FailedEntryCount: 1,
        Entries: [
          { EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string },
          { ErrorCode: 'MalformedDetail' },
        ],
      }),
    },
    {
      operation: 'PutEvents',
      about: 'of more entries than one request takes',
      input: () => ({
        Entries: Array.from({ length: 11 }, () => ({ Source: 'test', DetailType: 'Many', Detail: '{}' })),
      }),
      error: 'ValidationException',
    },
    {
      operation: 'TestEventPattern',
      input: () => ({
        EventPattern: '{"source":["test"]}',
        Event:
          '{"id":"1","account":"111122223333","source":"test","time":"2026-01-01T00:00:00Z","region":"us-east-1","resources":[],"detail-type":"x","detail":{}}',
      }),
      output: () => ({ Result: true }),
    },
    { operation: 'ListReplays', about: 'which is not there', error: 'UnknownOperationException' },
  ],
};

/** A machine of one task. */
export const stepFunctions: ServiceCases = {
  service: 'stepfunctions',
  scope: 'states',
  cases: [
    {
      operation: 'ListStateMachines',
      output: ({ services: { refs } }) => ({
        stateMachines: [{ stateMachineArn: refs.machine, name: 'echo', creationDate: isDate }],
      }),
    },
    {
      operation: 'DescribeStateMachine',
      input: ({ services: { refs } }) => ({ stateMachineArn: refs.machine }),
      output: () => ({ name: 'echo', type: 'STANDARD', status: 'ACTIVE' }),
    },
    {
      operation: 'StartExecution',
      input: ({ services: { refs } }) => ({
        stateMachineArn: refs.machine,
        name: 'first',
        input: '{"a":1}',
      }),
      output: () => ({ startDate: isDate }),
      learn: (output, ids) => {
        ids.execution = textAt(output, 'executionArn');
      },
    },
    {
      operation: 'StartExecution',
      about: 'by the name of another one',
      input: ({ services: { refs } }) => ({
        stateMachineArn: refs.machine,
        name: 'first',
        input: '{"a":2}',
      }),
      error: 'ExecutionAlreadyExists',
    },
    {
      operation: 'StartExecution',
      about: 'with input that is no JSON',
      input: ({ services: { refs } }) => ({ stateMachineArn: refs.machine, input: '{' }),
      error: 'InvalidExecutionInput',
    },
    {
      operation: 'StartExecution',
      about: 'of a machine that does not exist',
      input: () => ({
        stateMachineArn: `arn:aws:states:${region}:${accountId}:stateMachine:absent`,
      }),
      error: 'StateMachineDoesNotExist',
    },
    {
      operation: 'DescribeExecution',
      input: ({ ids }) => ({ executionArn: ids.execution }),
      output: ({ ids }) => ({ executionArn: ids.execution, input: '{"a":1}', startDate: isDate }),
    },
    {
      operation: 'DescribeStateMachineForExecution',
      input: ({ ids }) => ({ executionArn: ids.execution }),
      output: () => ({ name: 'echo' }),
    },
    {
      operation: 'ListExecutions',
      input: ({ services: { refs } }) => ({ stateMachineArn: refs.machine }),
      output: ({ ids }) => ({ executions: [{ executionArn: ids.execution, name: 'first' }] }),
    },
    {
      operation: 'GetExecutionHistory',
      input: ({ ids }) => ({ executionArn: ids.execution, maxResults: 5 }),
      output: () => ({
        events: expect.arrayContaining([
          expect.objectContaining({ type: 'ExecutionStarted', id: 1, previousEventId: 0, timestamp: isDate }),
        ]) as unknown[],
      }),
    },
    {
      operation: 'GetExecutionHistory',
      about: 'of an execution that does not exist',
      input: () => ({
        executionArn: `arn:aws:states:${region}:${accountId}:execution:echo:absent`,
      }),
      error: 'ExecutionDoesNotExist',
    },
    {
      operation: 'StopExecution',
      input: ({ ids }) => ({ executionArn: ids.execution, error: 'Stopped', cause: 'by the test' }),
      output: () => ({ stopDate: isDate }),
    },
    { operation: 'ListActivities', about: 'which is not there', error: 'UnknownOperationException' },
  ],
};

/** A schedule that never fires during the test. */
export const scheduler: ServiceCases = {
  service: 'scheduler',
  cases: [
    {
      operation: 'ListSchedules',
      output: () => ({ Schedules: [{ Name: 'hourly', GroupName: 'default', State: 'ENABLED' }] }),
    },
    {
      operation: 'GetSchedule',
      input: () => ({ Name: 'hourly' }),
      output: () => ({
        ScheduleExpression: 'rate(1 hour)',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: `arn:aws:lambda:${region}:${accountId}:function:echo`, Input: '{"tick":true}' },
      }),
    },
    {
      operation: 'GetSchedule',
      about: 'which does not exist',
      input: () => ({ Name: 'absent' }),
      error: 'ResourceNotFoundException',
    },
    { operation: 'ListScheduleGroups', about: 'which is not there', error: 'UnknownOperationException' },
  ],
};
