import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../json.ts';
import { transformInput, TransformError } from './transform.ts';

const event: JsonObject = {
  id: 'event-1',
  source: 'fivetran.privatelink',
  time: '2026-11-22T10:00:00Z',
  detail: {
    serviceId: 'vpce-svc-1',
    count: 2,
    list: [{ name: 'a' }, { name: 'b' }],
    text: 'say "hi"',
    action: 'accept',
  },
};
const rule = { name: 'rule-1', arn: 'arn:rule-1' };
const none = { input: undefined, inputPath: undefined, transformer: undefined };
const template = (text: string, paths: Record<string, string> = {}) =>
  transformInput(event, { ...none, transformer: { paths, template: text } }, rule);

describe("a target's input", () => {
  test('is the whole event unless told otherwise', () => {
    expect(transformInput(event, none, rule)).toEqual(event);
  });
  test('is a constant', () => {
    expect(transformInput(event, { ...none, input: '{"tick":true}' }, rule)).toEqual({ tick: true });
  });
  test('is a part of the event', () => {
    expect(transformInput(event, { ...none, inputPath: '$.detail.count' }, rule)).toBe(2);
  });
  test('is a template that carries only what it names', () => {
    const paths = { s: '$.detail.serviceId', n: '$.detail.count' };
    expect(template('{"serviceId":<s>,"count":<n>,"text":"of <s>"}', paths)).toEqual({
      serviceId: 'vpce-svc-1',
      count: 2,
      text: 'of vpce-svc-1',
    });
  });
  test('leaves a field out whose path leads nowhere', () => {
    expect(template('{"a":<a>,"b":<b>}', { a: '$.detail.absent', b: '$.detail.count' })).toEqual({ b: 2 });
  });
  test('keeps quotes inside a text escaped', () => {
    expect(template('{"a":"<t>","b":<t>}', { t: '$.detail.text' })).toEqual({ a: 'say "hi"', b: 'say "hi"' });
  });
  test('reaches into arrays', () => {
    expect(
      template('{"all":<all>,"one":<one>}', { all: '$.detail.list[*].name', one: '$.detail.list[1].name' }),
    ).toEqual({ all: ['a', 'b'], one: 'b' });
  });
  test('knows the reserved variables', () => {
    expect(template('{"arn":<aws.events.rule-arn>,"name":"<aws.events.rule-name>"}')).toEqual({
      arn: 'arn:rule-1',
      name: 'rule-1',
    });
    expect(template('{"event":<aws.events.event.json>}')).toEqual({ event });
  });
  test('may be plain text', () => {
    expect(template('Service <s> asked.', { s: '$.detail.serviceId' })).toBe('Service vpce-svc-1 asked.');
  });
  test('is refused when the filled template is not JSON', () => {
    expect(() => template('{"a": <b>', { b: '$.id' })).toThrow(TransformError);
  });
});
