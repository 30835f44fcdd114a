import { describe, expect, it } from 'vitest';
import { readQueryInput } from './query-input.ts';

const read = (text: string) => readQueryInput(new URLSearchParams(text));

describe('the parameters of a query request', () => {
  it('become nested lists and structures in the order of their numbers', () => {
    expect(
      read(
        'Action=X&Version=1&Filter.2.Name=b&Filter.1.Name=a&Filter.1.Value.10=z&Filter.1.Value.2=y&MaxResults=5',
      ),
    ).toEqual({ Filter: [{ Name: 'a', Value: ['y', 'z'] }, { Name: 'b' }], MaxResults: '5' });
  });

  it('lose the member level of lists and the entry level of maps', () => {
    expect(
      read('Targets.member.1.Id=127.0.0.1&Targets.member.1.Port=5432&Names.member.1=a&Names.member.2=b'),
    ).toEqual({ Targets: [{ Id: '127.0.0.1', Port: '5432' }], Names: ['a', 'b'] });
    expect(
      read(
        'MessageAttributes.entry.1.Name=kind&MessageAttributes.entry.1.Value.DataType=String&Tags.entry.1.key=a&Tags.entry.1.value=b',
      ),
    ).toEqual({ MessageAttributes: { kind: { DataType: 'String' } }, Tags: { a: 'b' } });
  });

  it('are refused when one name is a value and a group at once', () => {
    expect(() => read('Name=a&Name.1=b')).toThrow(expect.objectContaining({ code: 'MalformedQueryString' }));
    expect(() => read('Name=a&Name=b')).toThrow(expect.objectContaining({ code: 'MalformedQueryString' }));
  });

  it('cannot reach the prototype of an object', () => {
    const input = read('__proto__.polluted=yes');
    expect(Object.getPrototypeOf({})).not.toHaveProperty('polluted');
    expect(Object.keys(input)).toEqual(['__proto__']);
  });
});
