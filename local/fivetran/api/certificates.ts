import { createHash, X509Certificate } from 'node:crypto';
import * as z from 'zod/mini';
import type { Clock } from '../../../shared/clock.ts';
import type { Json } from '../../json.ts';
import { instant, type Account, type Certificate } from '../model.ts';
import { describeCertificate } from '../setup-tests.ts';
import { findConnection } from './connections.ts';
import { page } from './paging.ts';
import { bodyOf, invalid, notFound, type Route } from './router.ts';

const Approval = z.strictObject({ hash: z.string(), encoded_cert: z.string() });

/** `/v1/connections/{id}/certificates` */
export function certificateRoutes(account: Account, clock: Clock): Route[] {
  const find = (id = '', hash = ''): Certificate => {
    const certificate = findConnection(account, id).certificates.get(hash);
    if (certificate === undefined) throw notFound('Certificate', hash);
    return certificate;
  };
  return [
    {
      method: 'GET',
      path: 'connections/:id/certificates',
      run: (call) => ({
        message: 'Connection certificates retrieved successfully',
        data: page(
          [...findConnection(account, call.params[0]).certificates.values()],
          ({ hash }) => hash,
          show,
          call,
        ),
      }),
    },
    {
      method: 'POST',
      path: 'connections/:id/certificates',
      run: ({ params, body }) => {
        const connection = findConnection(account, params[0]);
        const { hash, encoded_cert: encoded } = bodyOf(Approval, body);
        const certificate = describeCertificate(read(encoded), clock.now());
        if (certificate.hash !== hash) throw invalid("Field 'hash' is not the hash of the certificate");
        connection.certificates.set(hash, certificate);
        return { message: 'The certificate has been approved.', data: show(certificate) };
      },
    },
    {
      method: 'GET',
      path: 'connections/:id/certificates/:hash',
      run: ({ params }) => ({ data: show(find(params[0], params[1])) }),
    },
    {
      method: 'DELETE',
      path: 'connections/:id/certificates/:hash',
      run: ({ params }) => {
        const { hash } = find(params[0], params[1]);
        findConnection(account, params[0]).certificates.delete(hash);
        return { message: 'The certificate has been revoked.' };
      },
    },
  ];
}

function read(encoded: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(encoded, 'base64'));
  } catch {
    throw invalid("Field 'encoded_cert' is not a certificate in base64");
  }
}

function show(certificate: Certificate): Json {
  return {
    id: createHash('sha256').update(certificate.hash).digest('base64url'),
    name: certificate.name,
    hash: certificate.hash,
    type: certificate.type,
    sha1: certificate.sha1,
    sha256: certificate.sha256,
    public_key: certificate.publicKey,
    validated_date: instant(certificate.validatedAt),
    validated_by: 'local_user',
  };
}
