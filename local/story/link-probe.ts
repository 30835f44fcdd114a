import { once } from 'node:events';
import net from 'node:net';

/** PostgreSQL's request for TLS; a server answers one byte, S or N. https://www.postgresql.org/docs/15/protocol-message-formats.html */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const patienceMs = 2000;

/** Whether PostgreSQL answers at the other end, and what came instead. */
export type Passage = { passes: true } | { passes: false; seen: string };

/** Knocks at an address as any PostgreSQL client does first, and goes away again. Never throws. */
export async function knock(address: { host: string; port: number } | undefined): Promise<Passage> {
  if (address === undefined) return { passes: false, seen: 'no address to connect to' };
  const socket = net.connect(address);
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const ended = once(socket, 'close', { signal }).then(() => undefined);
    await Promise.race([once(socket, 'connect', { signal }), ended]);
    socket.write(sslRequest);
    const answer: unknown = await Promise.race([once(socket, 'data', { signal }), ended]);
    const [byte] = Array.isArray(answer) && Buffer.isBuffer(answer[0]) ? answer[0] : [];
    return byte === 0x53
      ? { passes: true }
      : { passes: false, seen: 'the connection was closed without an answer' };
  } catch (error) {
    return { passes: false, seen: error instanceof Error ? error.message : String(error) };
  } finally {
    socket.destroy();
  }
}
