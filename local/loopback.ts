import { once } from 'node:events';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';

/** A server that takes requests. */
export interface Listening {
  port: number;
  /** Closes the port and every open connection. */
  stop: () => Promise<void>;
}

/** Lets a server listen on a free port of 127.0.0.1. */
export async function listenOnLoopback(server: HttpServer | HttpsServer): Promise<Listening> {
  // Longer than clients keep a connection they do not use: none is closed under a request.
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A listening server has a port.');
  return {
    port: address.port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The body of a request, or `undefined` when it is larger than `largest` bytes. */
export async function readBody(request: IncomingMessage, largest: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    // A client reads no answer before it has sent everything, so the rest is taken and dropped.
    if (size <= largest) chunks.push(bytes);
  }
  return size <= largest ? Buffer.concat(chunks) : undefined;
}
