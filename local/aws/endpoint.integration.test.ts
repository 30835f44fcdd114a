import { once } from 'node:events';
import { connect } from 'node:net';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localAwsClient } from '../../tests/support/aws-client.ts';
import { startAwsEndpoint, type AwsEndpoint } from './endpoint.ts';
import { createSecretsManager } from './secrets-manager/secrets-manager.ts';
import { RestAnswer, type Service } from './service.ts';
import { createSts } from './sts.ts';

const own = '111122223333';
const faults: string[] = [];
let endpoint: AwsEndpoint;

/** A service with one operation of each kind that a protocol has to cope with. */
const rest: Service = {
  scope: 'lambda',
  protocols: [
    {
      kind: 'rest-json',
      routes: [
        { method: 'POST', path: '/2015-03-31/functions/{FunctionName}/invocations', operation: 'Invoke' },
      ],
    },
  ],
  operations: {
    Invoke: ({ input }) => {
      if (input.FunctionName === 'broken') throw new Error('out of order');
      return new RestAnswer(202, { 'x-kind': 'test' }, JSON.stringify(input.FunctionName));
    },
  },
};

beforeAll(async () => {
  const secrets = createSecretsManager({ accountId: own, region: 'us-east-1' });
  endpoint = await startAwsEndpoint({
    accountId: own,
    region: 'us-east-1',
    services: [createSts().service, secrets.service, rest],
    onFault: (error, operation) => faults.push(`${operation} ${String(error)}`),
  });
});
afterAll(() => endpoint.stop());

interface Request {
  service?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function send({ service, path = '/', headers = {}, body = '' }: Request) {
  const authorization =
    service === undefined
      ? {}
      : {
          authorization: `AWS4-HMAC-SHA256 Credential=AKIA/20261122/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
        };
  const response = await fetch(`${endpoint.url}${path}`, {
    method: 'POST',
    headers: { ...authorization, ...headers },
    body,
  });
  expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
  return { status: response.status, headers: response.headers, body: await response.text() };
}

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
const target = (operation: string) => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': operation,
});

describe('callers', () => {
  it('are the account that their access key id is, or the stack itself', async () => {
    for (const [key, account] of [
      ['AKIAANY', own],
      ['834469178297', '834469178297'],
    ] as const) {
      const client = new STSClient(localAwsClient(endpoint.url, key));
      expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
        Account: account,
        Arn: `arn:aws:iam::${account}:root`,
        UserId: account,
      });
      client.destroy();
    }
  });

  it('who do not sign are refused in the protocol that they speak', async () => {
    const json = await send({ headers: target('secretsmanager.ListSecrets') });
    expect(json.status).toBe(403);
    expect(JSON.parse(json.body)).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    const ec2 = await send({ headers: form, body: 'Action=DescribeVpcs&Version=2016-11-15' });
    expect(ec2.status).toBe(403);
    expect(ec2.body).toMatch(/<Response><Errors><Error><Code>MissingAuthenticationToken<.*<RequestID>/s);
    const query = await send({ headers: form, body: 'Action=GetCallerIdentity&Version=2011-06-15' });
    expect(query.body).toMatch(/<ErrorResponse .*<Code>MissingAuthenticationToken<.*<RequestId>/s);
    const plain = await send({ path: '/2015-03-31/functions/f/invocations' });
    expect(plain.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationToken');
  });

  it('may sign in the URL', async () => {
    const response = await fetch(
      `${endpoint.url}/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=834469178297%2F20261122%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Signature=0`,
    );
    expect(await response.text()).toContain('<Account>834469178297</Account>');
  });
});

describe('requests that are not understood', () => {
  it('are told in the protocol of the service that the operation does not exist', async () => {
    const json = await send({ service: 'secretsmanager', headers: target('secretsmanager.RotateSecret') });
    expect(json.status).toBe(400);
    expect(JSON.parse(json.body)).toMatchObject({ __type: 'UnknownOperationException' });
    const query = await send({ service: 'sts', headers: form, body: 'Action=AssumeRole&Version=2011-06-15' });
    expect(query.status).toBe(400);
    expect(query.body).toContain('<Code>InvalidAction</Code>');
    const path = await send({ service: 'lambda', path: '/2015-03-31/layers' });
    expect(path.status).toBe(404);
    expect(path.headers.get('x-amzn-errortype')).toBe('UnknownOperationException');
    const inherited = await send({
      service: 'secretsmanager',
      headers: target('secretsmanager.constructor'),
    });
    expect(JSON.parse(inherited.body)).toMatchObject({ __type: 'UnknownOperationException' });
  });

  it('for a service that is not here are told which ones are', async () => {
    const { status, body } = await send({ service: 's3', headers: target('AmazonS3.List') });
    expect(status).toBe(400);
    expect(JSON.parse(body)).toEqual({
      __type: 'UnknownService',
      message: 'This endpoint does not serve "s3". It serves: lambda, secretsmanager, sts.',
    });
  });

  it('with a body that is no JSON object are refused', async () => {
    for (const body of ['{', '[]', '"text"']) {
      const reply = await send({
        service: 'secretsmanager',
        headers: target('secretsmanager.ListSecrets'),
        body,
      });
      expect(JSON.parse(reply.body)).toMatchObject({ __type: 'SerializationException' });
    }
  });

  it('without an action are refused', async () => {
    expect((await send({ service: 'sts', headers: form, body: 'Version=2011-06-15' })).body).toContain(
      '<Code>MissingAction</Code>',
    );
  });
});

describe('clients that misbehave', () => {
  const raw = async (text: string): Promise<string> => {
    const socket = connect(Number(new URL(endpoint.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    const closed = once(socket, 'close');
    socket.on('error', () => undefined);
    socket.write(text);
    await Promise.race([closed, once(socket, 'data').catch(() => undefined)]);
    socket.destroy();
    return answer.split('\r\n')[0] ?? '';
  };

  it('get an error, and others are served all the same', async () => {
    expect(await raw('GET // HTTP/1.1\r\nhost: a\r\n\r\n')).toBe('HTTP/1.1 403 Forbidden');
    expect(await raw('nonsense\r\n\r\n')).toBe('HTTP/1.1 400 Bad Request');
    const large = await send({ service: 'sts', headers: form, body: 'x'.repeat(21 * 1024 * 1024) });
    expect(large.status).toBe(413);
    expect(large.body).toContain('<Code>RequestEntityTooLargeException</Code>');
    const identity = await send({
      service: 'sts',
      headers: form,
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    expect(identity.status).toBe(200);
  });
});

describe('REST operations', () => {
  it('get the labels of their path and choose status, headers and body', async () => {
    const reply = await send({ service: 'lambda', path: '/2015-03-31/functions/a%20b/invocations' });
    expect(reply.status).toBe(202);
    expect(reply.headers.get('x-kind')).toBe('test');
    expect(reply.body).toBe('"a b"');
  });

  it('that break answer as a fault of the service, and the fault is reported', async () => {
    const reply = await send({ service: 'lambda', path: '/2015-03-31/functions/broken/invocations' });
    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.body)).toEqual({ Type: 'Service', Message: 'out of order' });
    expect(faults).toEqual(['lambda:Invoke Error: out of order']);
  });
});
