import { spawnSync } from 'node:child_process';
import type { Answer, Client } from './client.ts';
import { startPython } from './python-process.ts';

/** Whether this machine has Python with boto3. */
export const hasBoto3 = spawnSync('python3', ['-c', 'import boto3']).status === 0;

/** Python's SDK. */
export function boto3Client(endpoint: string): Client {
  const python = startPython('boto3_client.py', endpoint);
  return {
    tellsRequestId: true,
    send: async (request) => (await python.ask(request)) as Answer,
    stop: () => python.stop(),
  };
}
