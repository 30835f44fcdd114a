import type { AwsError } from '../service.ts';
import type { Reply } from './reply.ts';
import { toElements, writeXml } from './xml.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const headers = { 'content-type': 'text/xml;charset=UTF-8' };

/** https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#response-serialization */
export function writeEc2Output(
  operation: string,
  version: string,
  output: unknown,
  requestId: string,
): Reply {
  const content = writeXml([{ name: 'requestId', content: requestId }, ...toElements(output, 'item')]);
  const root = `${operation}Response`;
  const body = `${declaration}<${root} xmlns="http://ec2.amazonaws.com/doc/${version}/">${content}</${root}>`;
  return { statusCode: 200, headers, body };
}

/** EC2 nests its error one level deeper than the other query services do, and spells the id differently. */
export function writeEc2Error(error: AwsError, requestId: string): Reply {
  const details = [
    { name: 'Code', content: error.code },
    { name: 'Message', content: error.message },
  ];
  const response = [
    { name: 'Errors', content: [{ name: 'Error', content: details }] },
    { name: 'RequestID', content: requestId },
  ];
  return {
    statusCode: error.statusCode,
    headers,
    body: declaration + writeXml([{ name: 'Response', content: response }]),
  };
}
