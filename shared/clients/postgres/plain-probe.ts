import net from 'node:net';

/** What a server does with somebody who asks for a session without TLS. */
export type PlainAnswer =
  /** It would go on to ask for the password: unencrypted sessions are possible. */
  | { answer: 'admitted' }
  /** It refused. */
  | { answer: 'refused'; sqlState: string }
  | { answer: 'unknown'; detail: string };

const timeoutMs = 5_000;

/**
 * Asks for a session without TLS and hangs up at the first answer, before any password is asked for or sent.
 * Message formats: https://www.postgresql.org/docs/15/protocol-message-formats.html
 */
export function probePlain(target: {
  host: string;
  port: number;
  database: string;
  username: string;
}): Promise<PlainAnswer> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: target.host, port: target.port });
    const settle = (answer: PlainAnswer): void => {
      socket.destroy();
      resolve(answer);
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => settle({ answer: 'unknown', detail: 'no answer in time' }));
    socket.once('connect', () => socket.write(startupMessage(target)));
    socket.once('error', (error) => settle({ answer: 'unknown', detail: error.message }));
    socket.once('close', () => settle({ answer: 'unknown', detail: 'the server hung up' }));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      const answer = readAnswer(received);
      if (answer !== undefined) settle(answer);
    });
  });
}

const protocolVersion = 3 << 16;

function startupMessage({ database, username }: { database: string; username: string }): Buffer {
  const pairs = [
    'user',
    username,
    'database',
    database,
    'application_name',
    'fivetran-privatelink check-source',
  ];
  const body = Buffer.from(`${pairs.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + body.length, 0);
  head.writeInt32BE(protocolVersion, 4);
  return Buffer.concat([head, body]);
}

/** The first message tells: R asks to prove who one is (or lets in), E is an error with its SQLSTATE in field C. */
function readAnswer(received: Buffer): PlainAnswer | undefined {
  if (received.length < 5) return undefined;
  const kind = String.fromCharCode(received[0] ?? 0);
  if (kind === 'R') return { answer: 'admitted' };
  if (kind !== 'E') return { answer: 'unknown', detail: `the server answered with message ${kind}` };
  const length = received.readInt32BE(1);
  if (received.length < length + 1) return undefined;
  const fields = received
    .subarray(5, length + 1)
    .toString('utf8')
    .split('\0');
  const sqlState = fields.find((field) => field.startsWith('C'))?.slice(1) ?? '';
  return { answer: 'refused', sqlState };
}
