import type { Protocol, QueryDialect, XmlElement } from '../service.ts';
import { toElements } from './xml.ts';

/**
 * SQS speaks JSON, and to older clients a query dialect whose lists and maps are flattened. Its operations are
 * written for JSON; this turns the one into the other.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html
 */
const dialect: QueryDialect = {
  readInput: (_, parameters) =>
    Object.fromEntries(Object.entries(parameters).map(([name, value]) => readParameter(name, value))),
  writeOutput: (operation, output) =>
    Object.entries(isRecord(output) ? output : {}).flatMap(([name, value]) =>
      writeMember(operation, name, value),
    ),
};

/** JSON's name of a member that the query dialect repeats in the singular, and whether its items are a map. */
const flattened: Record<string, { name: string; map?: { key: string; value: string } }> = {
  AttributeName: { name: 'AttributeNames' },
  MessageAttributeName: { name: 'MessageAttributeNames' },
  MessageSystemAttributeName: { name: 'MessageSystemAttributeNames' },
  TagKey: { name: 'TagKeys' },
  Attribute: { name: 'Attributes', map: { key: 'Name', value: 'Value' } },
  MessageAttribute: { name: 'MessageAttributes', map: { key: 'Name', value: 'Value' } },
  Tag: { name: 'Tags', map: { key: 'Key', value: 'Value' } },
  SendMessageBatchRequestEntry: { name: 'Entries' },
  DeleteMessageBatchRequestEntry: { name: 'Entries' },
  ChangeMessageVisibilityBatchRequestEntry: { name: 'Entries' },
};

function readParameter(name: string, value: unknown): [string, unknown] {
  const shape = Object.hasOwn(flattened, name) ? flattened[name] : undefined;
  if (shape === undefined) return [name, readNested(value)];
  const items: unknown[] = Array.isArray(value) ? value : [value];
  const { map } = shape;
  if (map === undefined) return [shape.name, items.map(readNested)];
  const pairs = items.flatMap((item) => (isRecord(item) ? [[String(item[map.key]), item[map.value]]] : []));
  return [shape.name, Object.fromEntries(pairs)];
}

/** A batch entry has flattened members of its own. */
function readNested(value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => readParameter(name, member)));
}

/** Element by JSON name of an output's list or map; a batch operation's results are named after the operation. */
const listElements: Record<string, string> = {
  QueueUrls: 'QueueUrl',
  queueUrls: 'QueueUrl',
  Messages: 'Message',
  Failed: 'BatchResultErrorEntry',
};

function writeMember(operation: string, name: string, value: unknown): XmlElement[] {
  if (Array.isArray(value)) {
    const element = name === 'Successful' ? `${operation}ResultEntry` : (listElements[name] ?? name);
    return value.flatMap((item: unknown) => writeValue(operation, element, item));
  }
  if (isRecord(value) && name === 'Attributes') return writeMap('Attribute', 'Name', value);
  if (isRecord(value) && name === 'MessageAttributes') return writeMap('MessageAttribute', 'Name', value);
  if (isRecord(value) && name === 'Tags') return writeMap('Tag', 'Key', value);
  return writeValue(operation, name, value);
}

function writeValue(operation: string, name: string, value: unknown): XmlElement[] {
  if (!isRecord(value)) return toElements({ [name]: value }, 'member');
  const content = Object.entries(value).flatMap(([member, item]) => writeMember(operation, member, item));
  return [{ name, content }];
}

function writeMap(name: string, key: string, map: Record<string, unknown>): XmlElement[] {
  return Object.entries(map).map(([entry, value]) => ({
    name,
    content: toElements({ [key]: entry, Value: value }, 'member'),
  }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array)
  );
}

/** Codes that differ between SQS's two protocols, by the one in JSON. */
const queryErrors = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  PurgeQueueInProgress: 'AWS.SimpleQueueService.PurgeQueueInProgress',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

/** Both protocols of SQS. Its operations throw the codes of JSON, for instance QueueDoesNotExist. */
export const sqsProtocols: Protocol[] = [
  { kind: 'json', jsonVersion: '1.0', queryErrors },
  { kind: 'query', version: '2012-11-05', dialect, queryErrors },
];
