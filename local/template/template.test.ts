import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../json.ts';
import { provision, type ProvisionOptions } from './provision.ts';
import type { ResourceHandlers } from './resource-handler.ts';
import { parseTemplate, readTemplate } from './template.ts';

const echo: ResourceHandlers = {
  'Test::Thing': (logicalId, properties) => ({
    ref: `ref-of-${logicalId}`,
    attributes: {
      Arn: `arn-of-${logicalId}`,
      'Nested.Name': `${logicalId}-nested`,
      Given: JSON.stringify(properties),
    },
  }),
};

async function resolve(value: unknown, template: JsonObject = {}, parameters: Record<string, string> = {}) {
  const stack = await make({ ...template, Outputs: { Result: { Value: value as string } } }, parameters);
  return stack.outputs.get('Result');
}

function make(template: JsonObject, parameters: Record<string, string> = {}, handlers = echo) {
  const options: ProvisionOptions = {
    parameters,
    handlers,
    accountId: '111122223333',
    region: 'us-east-1',
    stackName: 'stack',
  };
  return provision(parseTemplate({ Resources: {}, ...template }), options);
}

const thing = (properties: JsonObject = {}, more: JsonObject = {}) => ({
  Type: 'Test::Thing',
  Properties: properties,
  ...more,
});

describe('an intrinsic function', () => {
  const template: JsonObject = {
    Parameters: {
      Name: { Type: 'String', Default: 'given' },
      List: { Type: 'CommaDelimitedList', Default: 'a, b' },
    },
    Conditions: {
      IsGiven: { 'Fn::Equals': [{ Ref: 'Name' }, 'given'] },
      Never: { 'Fn::Not': [{ Condition: 'IsGiven' }] },
    },
    Mappings: { Zones: { 'us-east-1': { first: 'a' } } },
    Resources: { Thing: thing() },
  };
  test.each([
    ['Ref to a parameter', { Ref: 'Name' }, 'given'],
    ['Ref to a list', { Ref: 'List' }, ['a', 'b']],
    ['Ref to a resource', { Ref: 'Thing' }, 'ref-of-Thing'],
    ['Ref to a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Thing', 'Arn'] }, 'arn-of-Thing'],
    ['GetAtt as text, of a nested attribute', { 'Fn::GetAtt': 'Thing.Nested.Name' }, 'Thing-nested'],
    [
      'Sub',
      { 'Fn::Sub': '${Name}/${Thing}/${Thing.Arn}/${AWS::AccountId}/${!Kept}' },
      'given/ref-of-Thing/arn-of-Thing/111122223333/${Kept}',
    ],
    [
      'Sub with variables of its own',
      { 'Fn::Sub': ['${X}-${Name}', { X: { Ref: 'Thing' } }] },
      'ref-of-Thing-given',
    ],
    ['Join', { 'Fn::Join': ['-', ['x', { Ref: 'Name' }]] }, 'x-given'],
    ['Join of a list', { 'Fn::Join': [',', { Ref: 'List' }] }, 'a,b'],
    ['Split', { 'Fn::Split': ['/', 'a/b'] }, ['a', 'b']],
    ['Select', { 'Fn::Select': [1, { Ref: 'List' }] }, 'b'],
    ['Select of Split', { 'Fn::Select': ['0', { 'Fn::Split': ['-', { Ref: 'Thing' }] }] }, 'ref'],
    ['If that holds', { 'Fn::If': ['IsGiven', 'yes', 'no'] }, 'yes'],
    ['If that does not', { 'Fn::If': ['Never', 'yes', { Ref: 'Name' }] }, 'given'],
    ['If that gives no value', [{ 'Fn::If': ['Never', 'x', { Ref: 'AWS::NoValue' }] }, 'y'], ['y']],
    ['no value for a field', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    [
      'And, Or',
      { 'Fn::If': ['IsGiven', { x: { 'Fn::And': [true, { 'Fn::Or': [false, true] }] } }, ''] },
      { x: true },
    ],
    ['FindInMap', { 'Fn::FindInMap': ['Zones', { Ref: 'AWS::Region' }, 'first'] }, 'a'],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    [
      "an IAM statement's Condition, which is none",
      { Condition: { StringEquals: { a: { Ref: 'Name' } } } },
      { Condition: { StringEquals: { a: 'given' } } },
    ],
  ])('%s', async (_what, value, expected) => {
    expect(await resolve(value, template)).toEqual(expected);
  });

  test.each([
    [
      'a reference that leads nowhere',
      { Ref: 'Absent' },
      /Outputs\.Result.* refers to Absent, which is neither/,
    ],
    [
      'an attribute that is not there',
      { 'Fn::GetAtt': ['Thing', 'Color'] },
      /wants Thing\.Color, which does not exist/,
    ],
    ['a function that is not supported', { 'Fn::ImportValue': 'x' }, /Fn::ImportValue is not supported/],
    ['a selection beyond the end', { 'Fn::Select': [5, ['a']] }, /no item 5/],
    ['text where a list belongs', { 'Fn::Join': [',', 'a'] }, /takes a list, not "a"/],
  ])('says where %s is', async (_what, value, message) => {
    await expect(resolve(value, template)).rejects.toThrow(message);
  });
});

describe('a parameter', () => {
  const parameters = (rules: JsonObject) => ({ Parameters: { P: { Type: 'String', ...rules } } });
  test('takes the given value over its default', async () => {
    expect(await resolve({ Ref: 'P' }, parameters({ Default: 'a' }), { P: 'b' })).toBe('b');
  });
  test.each([
    ['has neither value nor default', {}, {}, /P has no value and no default/],
    ['does not match its pattern', { AllowedPattern: '^a+$' }, { P: 'b' }, /P is "b", which does not match/],
    ['is not one of the allowed values', { AllowedValues: ['a'] }, { P: 'b' }, /not one of a/],
    ['is not in the template', { Default: '' }, { Q: 'b' }, /no parameter Q/],
  ])('is refused when it %s', async (_what, rules, given, message) => {
    await expect(make(parameters(rules), given as Record<string, string>)).rejects.toThrow(message);
  });
});

describe('provisioning', () => {
  test('makes each resource after those that it refers to and depends on', async () => {
    const order: string[] = [];
    const handlers: ResourceHandlers = {
      'Test::Thing': (logicalId) => {
        order.push(logicalId);
        return { ref: logicalId, attributes: { Arn: logicalId } };
      },
    };
    const Resources = {
      A: thing({ x: { 'Fn::Sub': '${B.Arn}' } }),
      B: thing({}, { DependsOn: ['C'] }),
      C: thing({ x: { 'Fn::GetAtt': ['D', 'Arn'] } }),
      D: thing(),
    };
    await make({ Resources }, {}, handlers);
    expect(order).toEqual(['D', 'C', 'B', 'A']);
  });

  test('hands over properties without a function in them', async () => {
    const { resources } = await make({ Resources: { A: thing({ list: [{ Ref: 'B' }] }), B: thing() } });
    expect(resources.get('A')!.properties).toEqual({ list: ['ref-of-B'] });
  });

  test('leaves out a resource whose condition does not hold', async () => {
    const template = {
      Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { A: thing({}, { Condition: 'Never' }) },
    };
    expect((await make(template)).resources.size).toBe(0);
  });

  test('names the circle in which resources refer to each other', async () => {
    const Resources = { A: thing({ x: { Ref: 'B' } }), B: thing({ x: { Ref: 'A' } }) };
    await expect(make({ Resources })).rejects.toThrow(/circle: A → B → A/);
  });

  test('names the type of resource that it cannot make', async () => {
    await expect(make({ Resources: { A: { Type: 'Test::Unknown' } } })).rejects.toThrow(
      'Resources.A: the local stack has no handler for Test::Unknown.',
    );
  });

  test('says how to make a template that is not there', async () => {
    await expect(readTemplate('/nowhere/template.json')).rejects.toThrow(/run "npm run package"/);
  });
});
