import type { AwsError, QueryDialect } from '../service.ts';
import type { Reply } from './reply.ts';
import { toElements, writeXml } from './xml.ts';

const headers = { 'content-type': 'text/xml' };

interface QueryAnswer {
  /** The service's name as its XML namespace spells it. */
  service: string;
  version: string;
  operation: string;
  requestId: string;
  dialect?: QueryDialect | undefined;
}

const namespace = ({ service, version }: Pick<QueryAnswer, 'service' | 'version'>): string =>
  `http://${service}.amazonaws.com/doc/${version}/`;

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#response-serialization */
export function writeQueryOutput(answer: QueryAnswer, output: unknown): Reply {
  const { operation, dialect, requestId } = answer;
  const result = dialect?.writeOutput(operation, output) ?? toElements(output, 'member');
  const root = `${operation}Response`;
  const content = writeXml([
    { name: `${operation}Result`, content: result },
    { name: 'ResponseMetadata', content: [{ name: 'RequestId', content: requestId }] },
  ]);
  return { statusCode: 200, headers, body: `<${root} xmlns="${namespace(answer)}">${content}</${root}>` };
}

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#operation-error-serialization */
export function writeQueryError(
  answer: Pick<QueryAnswer, 'service' | 'version' | 'requestId'>,
  error: AwsError,
  code = error.code,
): Reply {
  const details = [
    { name: 'Type', content: error.statusCode < 500 ? 'Sender' : 'Receiver' },
    { name: 'Code', content: code },
    { name: 'Message', content: error.message },
  ];
  const content = writeXml([
    { name: 'Error', content: details },
    { name: 'RequestId', content: answer.requestId },
  ]);
  return {
    statusCode: error.statusCode,
    headers,
    body: `<ErrorResponse xmlns="${namespace(answer)}">${content}</ErrorResponse>`,
  };
}
