import { expect, it } from 'vitest';
import { readQueryInput } from './query-input.ts';
import { sqsProtocols } from './sqs.ts';
import { writeXml } from './xml.ts';

const dialect = sqsProtocols.flatMap((protocol) =>
  protocol.kind === 'query' && protocol.dialect !== undefined ? [protocol.dialect] : [],
)[0]!;

it('reads flattened lists, maps and batch entries as JSON would say them', () => {
  const parameters = readQueryInput(
    new URLSearchParams(
      'QueueUrl=u&AttributeName.1=All&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=b&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v',
    ),
  );
  expect(dialect.readInput('SendMessageBatch', parameters)).toEqual({
    QueueUrl: 'u',
    AttributeNames: ['All'],
    Attributes: { DelaySeconds: '5' },
    Entries: [{ Id: 'a', MessageBody: 'b', MessageAttributes: { n: { StringValue: 'v' } } }],
  });
});

it('writes lists as repeated elements and maps as names and values', () => {
  const write = (operation: string, output: unknown) => writeXml(dialect.writeOutput(operation, output));
  expect(write('ListQueues', { QueueUrls: ['a', 'b'], NextToken: undefined })).toBe(
    '<QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl>',
  );
  expect(write('ReceiveMessage', { Messages: [{ Body: 'x', Attributes: { SentTimestamp: '1' } }] })).toBe(
    '<Message><Body>x</Body><Attribute><Name>SentTimestamp</Name><Value>1</Value></Attribute></Message>',
  );
  expect(write('SendMessageBatch', { Successful: [{ Id: 'a' }], Failed: [{ Id: 'b' }] })).toBe(
    '<SendMessageBatchResultEntry><Id>a</Id></SendMessageBatchResultEntry><BatchResultErrorEntry><Id>b</Id></BatchResultErrorEntry>',
  );
});
