import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createObserver, type Observer } from '../../observer.ts';
import type { FunctionConfiguration } from './function-configuration.ts';
import { createLambdaHost, type LambdaHost } from './lambda-host.ts';

let root: string;
let host: LambdaHost;
let observer: Observer;
let queued: { queueArn: string; body: string }[];

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'lambda-host-'));
  observer = createObserver();
  queued = [];
  host = createLambdaHost({
    accountId: '111122223333',
    region: 'us-east-1',
    root,
    observer,
    variables: () => ({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }),
    sendToQueue: (queueArn, body) => queued.push({ queueArn, body }),
    retryDelaysMs: [0, 0],
  });
});

afterEach(async () => {
  await host.stop();
  rmSync(root, { recursive: true });
});

function deploy(source: string, overrides: Partial<FunctionConfiguration> = {}): void {
  mkdirSync(path.join(root, '.build/sample'), { recursive: true });
  writeFileSync(path.join(root, '.build/sample/index.mjs'), source);
  host.register({
    name: 'service-dev-work',
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:service-dev-work',
    folder: 'work',
    handler: '.build/sample/index.handler',
    description: '',
    runtime: 'nodejs24.x',
    architecture: 'arm64',
    roleArn: 'arn:aws:iam::111122223333:role/work',
    memoryMb: 128,
    timeoutSeconds: 5,
    environment: { SETTING: 'from the template' },
    reservedConcurrency: undefined,
    ...overrides,
  });
}

describe('the Lambda host', () => {
  test('gives a function the environment of the template and of Lambda, and nothing of this process', async () => {
    process.env.OUTSIDE_OF_THE_FUNCTION = 'secret';
    deploy('export const handler = async () => ({ ...process.env });');
    const outcome = await host.invoke('service-dev-work', {});
    delete process.env.OUTSIDE_OF_THE_FUNCTION;
    expect(outcome).toMatchObject({
      payload: {
        SETTING: 'from the template',
        AWS_LAMBDA_FUNCTION_NAME: 'service-dev-work',
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      },
    });
    expect(outcome).not.toHaveProperty('payload.OUTSIDE_OF_THE_FUNCTION');
    expect(outcome).not.toHaveProperty('payload.HOME');
  });

  test('resolves the names of the private zone for whoever asks, and follows when they move', async () => {
    const server = createServer((socket) => socket.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    deploy(`
      import { lookup } from 'node:dns/promises';
      import dns from 'node:dns';
      import net from 'node:net';
      const name = 'database.internal';
      const connect = (port) => new Promise((resolve, reject) => {
        const socket = net.connect({ host: name, port }, () => socket.once('data', (data) => resolve(String(data))));
        socket.once('error', reject);
      });
      const byCallback = () => new Promise((resolve) =>
        dns.lookup(name, (error, address, family) => resolve({ address, family })));
      export const handler = async (port) => ({
        all: await lookup(name, { all: true, family: 4 }),
        six: await lookup(name, { all: true, family: 6 }).catch(({ code }) => code),
        one: await byCallback(),
        said: await connect(port),
        other: (await lookup('localhost', { family: 4 })).address,
      });`);
    try {
      host.setAddresses('database.internal', ['127.0.0.1']);
      expect(await host.invoke('service-dev-work', port)).toMatchObject({
        payload: {
          all: [{ address: '127.0.0.1', family: 4 }],
          six: 'ENOTFOUND',
          one: { address: '127.0.0.1', family: 4 },
          said: 'here',
          other: '127.0.0.1',
        },
      });
      host.setAddresses('database.internal', []);
      expect(await host.invoke('service-dev-work', port)).toMatchObject({
        error: { errorMessage: 'getaddrinfo ENOTFOUND database.internal' },
      });
    } finally {
      server.close();
    }
  });

  test('hands over the context of the invocation', async () => {
    deploy(`export const handler = async (event, context) => ({
      request: context.awsRequestId, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() <= 5000,
    });`);
    const outcome = await host.invoke(
      'arn:aws:lambda:us-east-1:111122223333:function:service-dev-work:$LATEST',
      1,
    );
    expect(outcome).toMatchObject({
      payload: {
        request: outcome.requestId,
        arn: 'arn:aws:lambda:us-east-1:111122223333:function:service-dev-work',
        left: true,
      },
    });
  });

  test("answers a thrown error by its name, with Lambda's own fields", async () => {
    deploy(`export const handler = async () => {
      throw Object.assign(new Error('the door is shut'), { name: 'UnavailableError' });
    };`);
    const outcome = await host.invoke('service-dev-work', {});
    expect(outcome).toMatchObject({
      error: { errorType: 'UnavailableError', errorMessage: 'the door is shut' },
    });
  });

  test('ends a busy loop at the timeout, and answers the next event from a new environment', async () => {
    deploy(
      'let calls = 0; export const handler = async (hang) => { while (hang) calls += 1; return calls; };',
      {
        timeoutSeconds: 1,
      },
    );
    const outcome = await host.invoke('service-dev-work', true);
    expect(outcome).toMatchObject({
      error: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('timed out after 1.00') as string,
      },
    });
    expect(await host.invoke('service-dev-work', false)).toMatchObject({ payload: 0 });
  });

  test('says which bundle is missing and how to build it', () => {
    expect(() => {
      deploy('', { handler: '.build/absent/index.handler' });
    }).toThrow(/\.build\/absent\/index\.mjs is missing\): run "npm run package"/);
  });

  test('reports an error while the bundle is imported, on every try', async () => {
    deploy("throw Object.assign(new Error('no setting'), { name: 'ConfigError' });");
    const expected = { error: { errorType: 'ConfigError', errorMessage: 'no setting' } };
    expect(await host.invoke('service-dev-work', {})).toMatchObject(expected);
    expect(await host.invoke('service-dev-work', {})).toMatchObject(expected);
  });

  test('reports a function that ends its process', async () => {
    deploy('export const handler = () => process.exit(3);');
    expect(await host.invoke('service-dev-work', {})).toMatchObject({
      error: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('exit status 3') as string,
      },
    });
  });

  test('ends a function that takes more memory than it has', async () => {
    deploy(
      `const kept = [];
    export const handler = async () => { for (;;) kept.push(new Array(100_000).fill(Math.random())); };`,
      { memoryMb: 32, timeoutSeconds: 60 },
    );
    expect(await host.invoke('service-dev-work', {})).toMatchObject({
      error: {
        errorType: 'Runtime.ExitError',
        errorMessage: expect.stringContaining('signal: killed') as string,
      },
    });
  });

  test('refuses an answer that is larger than Lambda carries', async () => {
    deploy("export const handler = async () => 'x'.repeat(6_291_556);");
    expect(await host.invoke('service-dev-work', {})).toMatchObject({
      error: { errorType: 'Function.ResponseSizeTooLarge' },
    });
  });

  test('keeps one environment for one event after another, and makes more for events at once', async () => {
    deploy(`let calls = 0;
    export const handler = async () => { calls += 1; await new Promise((r) => setTimeout(r, 20)); return calls; };`);
    await host.invoke('service-dev-work', {});
    expect(await host.invoke('service-dev-work', {})).toMatchObject({ payload: 2 });
    const together = await Promise.all([
      host.invoke('service-dev-work', {}),
      host.invoke('service-dev-work', {}),
    ]);
    expect(together.map((outcome) => 'payload' in outcome && outcome.payload).toSorted()).toEqual([1, 3]);
  });

  test('tries an asynchronous event three times, then sends the record to the failure queue', async () => {
    deploy("export const handler = async () => { throw new TypeError('always'); };");
    host.configureAsync('service-dev-work', { maximumRetryAttempts: 2, onFailure: 'arn:queue' });
    const requestId = host.invokeAsync('service-dev-work', { a: 1 });
    await host.idle();
    expect(observer.events().filter(({ kind }) => kind === 'invocation-started')).toHaveLength(3);
    expect(queued).toHaveLength(1);
    expect(JSON.parse(queued[0]!.body)).toMatchObject({
      requestContext: { requestId, condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      requestPayload: { a: 1 },
      responsePayload: { errorType: 'TypeError', errorMessage: 'always' },
    });
  });

  test('shows each line that a function writes', async () => {
    deploy(
      "export const handler = async () => { console.log('a line'); process.stderr.write('another\\n'); };",
    );
    await host.invoke('service-dev-work', {});
    await expect
      .poll(() =>
        observer
          .events()
          .flatMap((event) => (event.kind === 'function-log' ? [event.line] : []))
          .toSorted(),
      )
      .toEqual(['a line', 'another']);
  });
});

test('time that is let pass is seen by a function from its next invocation on, in all forms', async () => {
  deploy(`export const handler = () => ({
    now: Date.now(), made: new Date().getTime(), text: Date.parse(Date()), fixed: new Date(5).getTime(),
  });`);
  const seen = async (): Promise<Record<string, number>> => {
    const outcome = await host.invoke('service-dev-work', {});
    return 'payload' in outcome ? (outcome.payload as Record<string, number>) : {};
  };
  expect((await seen()).now).toBeLessThanOrEqual(Date.now());
  const day = 86_400_000;
  host.letTimePass(day);
  host.letTimePass(day);
  const before = Date.now();
  const { now, made, text, fixed } = await seen();
  for (const time of [now, made, text! + 1_000]) expect(time).toBeGreaterThanOrEqual(before + 2 * day);
  expect(made).toBeLessThanOrEqual(Date.now() + 2 * day);
  expect(fixed).toBe(5);
});
