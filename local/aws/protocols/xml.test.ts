import { expect, it } from 'vitest';
import { toElements, writeXml } from './xml.ts';

it('writes lists with their item name, empty ones as an empty element, and leaves absent values out', () => {
  const output = { set: [{ a: 1, none: undefined }], empty: [], flag: true, missing: null };
  expect(writeXml(toElements(output, 'item'))).toBe(
    '<set><item><a>1</a></item></set><empty></empty><flag>true</flag>',
  );
});

it('writes dates as ISO 8601, bytes as base64 and maps as entries', () => {
  const output = { at: new Date(0), bytes: new Uint8Array([255]), map: new Map([['k', 'v']]) };
  expect(writeXml(toElements(output, 'member'))).toBe(
    '<at>1970-01-01T00:00:00.000Z</at><bytes>/w==</bytes><map><entry><key>k</key><value>v</value></entry></map>',
  );
});

it('escapes what XML reserves and drops what it cannot carry', () => {
  expect(writeXml([{ name: 'a', content: '<&>"\u0000\u0007\r' }])).toBe('<a>&lt;&amp;&gt;&quot;&#13;</a>');
});
