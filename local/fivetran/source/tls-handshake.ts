import net from 'node:net';
import tls from 'node:tls';
import type { X509Certificate } from 'node:crypto';

/** What one attempt at PostgreSQL's TLS negotiation has shown. */
export type Handshake =
  | { outcome: 'secure'; protocol: string }
  /** TLS works, but nothing that Fivetran trusts has signed this certificate, or it is not valid now. */
  | { outcome: 'untrusted'; reason: string; certificate: X509Certificate | undefined }
  | { outcome: 'refused' };

/** Certificates that are trusted, and nothing else; an approved server certificate counts as its own authority. */
export function trust(certificates: readonly string[]): tls.ConnectionOptions {
  return {
    ca: [...certificates],
    allowPartialTrustChain: true,
    // Over a private link the server is reached by the endpoint's name, which no certificate of it carries.
    checkServerIdentity: () => undefined,
  };
}

/** Opens a TCP connection; fails with the socket's error or after `timeoutMs`. */
export async function openSocket(
  address: { host: string; port: number },
  timeoutMs: number,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address.host, port: address.port });
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('the connection timed out')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // whoever reads or writes next hears of it
      resolve(socket);
    });
  });
}

/**
 * Asks a PostgreSQL server for TLS and performs the handshake.
 * Protocol: https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.12
 */
export async function negotiateTls(socket: net.Socket, trusted: readonly string[]): Promise<Handshake> {
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString('latin1')));
    socket.once('close', () => reject(new Error('the server closed the connection')));
    socket.once('error', reject);
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])); // SSLRequest
  });
  if (answer !== 'S') return { outcome: 'refused' };
  return new Promise((resolve) => {
    const secure = tls.connect({ socket, ...trust(trusted) });
    let certificate: X509Certificate | undefined;
    // Before Node judges the chain and closes the connection: afterwards the certificate is out of reach.
    secure.prependOnceListener('secure', () => {
      certificate = secure.getPeerX509Certificate();
    });
    secure.once('error', (error: Error) =>
      resolve({ outcome: 'untrusted', reason: error.message, certificate }),
    );
    secure.once('secureConnect', () => {
      resolve({ outcome: 'secure', protocol: secure.getProtocol() ?? '' });
      secure.end();
    });
  });
}
