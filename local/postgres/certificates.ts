import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** PEM texts of a certificate authority of our own and of one server certificate that it signed. */
export interface Certificates {
  caPem: string;
  certificatePem: string;
  keyPem: string;
}

/**
 * A fresh authority and a server certificate for the given host names and addresses, both valid from now for a
 * year unless `notAfter` says otherwise (a moment in the past makes an expired chain).
 */
export async function makeCertificates(
  authority: string,
  hosts: readonly string[],
  validity: { notBefore?: Date; notAfter?: Date } = {},
): Promise<Certificates> {
  const common = {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(validity.notBefore === undefined ? {} : { notBeforeDate: validity.notBefore }),
    ...(validity.notAfter === undefined ? {} : { notAfterDate: validity.notAfter }),
  } as const;
  // Two authorities of one name would be taken for each other when both are trusted.
  const name = `${authority} ${randomBytes(4).toString('hex')}`;
  const ca = await generate([{ name: 'commonName', value: name }], {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: 'commonName', value: hosts[0] ?? 'localhost' }], {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: hosts.map((host) =>
          isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host },
        ),
      },
    ],
  });
  return { caPem: ca.cert, certificatePem: server.cert, keyPem: server.private };
}
