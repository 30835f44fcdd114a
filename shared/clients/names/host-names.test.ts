import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHostNames } from './host-names.ts';

let server: Socket;
let asked: number;
beforeEach(async () => {
  asked = 0;
  server = createSocket('udp4');
  server.on('message', () => {
    asked += 1;
  });
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => server.close());

test('a name server that never answers leads to no name, instead of being waited for', async () => {
  const hostNames = createHostNames({ servers: [`127.0.0.1:${String(server.address().port)}`] });
  await expect(hostNames('pl.fivetran.example')).resolves.toEqual([]);
  expect(asked).toBe(2);
}, 60_000);
