import type { XmlElement } from '../service.ts';

/** XML text of elements, without declaration. Characters that XML 1.0 cannot carry are dropped. */
export function writeXml(elements: readonly XmlElement[]): string {
  return elements
    .map(({ name, content }) => {
      const text = typeof content === 'string' ? escapeXml(content) : writeXml(content);
      return `<${name}>${text}</${name}>`;
    })
    .join('');
}

const unrepresentable = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll(unrepresentable, '');
}

/**
 * An output value as XML elements: a list becomes one element with an `itemName` element per item (an empty list
 * an empty element), a Map one with `entry` elements, an absent value nothing.
 */
export function toElements(value: unknown, itemName: 'item' | 'member'): XmlElement[] {
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => toElement(name, member, itemName));
}

function toElement(name: string, value: unknown, itemName: 'item' | 'member'): XmlElement[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) {
    return [{ name, content: value.flatMap((item: unknown) => toElement(itemName, item, itemName)) }];
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, entry]: [unknown, unknown]) => ({
      name: 'entry',
      content: [...toElement('key', key, itemName), ...toElement('value', entry, itemName)],
    }));
    return [{ name, content: entries }];
  }
  if (isScalar(value)) return [{ name, content: writeScalar(value) }];
  return [{ name, content: toElements(value, itemName) }];
}

type Scalar = string | number | boolean | bigint | Date | Uint8Array;

function isScalar(value: unknown): value is Scalar {
  return (
    ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ||
    value instanceof Date ||
    value instanceof Uint8Array
  );
}

function writeScalar(value: Scalar): string {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
