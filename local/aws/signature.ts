import type { Caller } from './service.ts';

/** What a SigV4 signature says about a request, beside being one. */
export interface Scope {
  accessKeyId: string;
  region: string;
  service: string;
}

const credential = /Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request/;

/**
 * Reads the credential scope of a SigV4 `Authorization` header or of a presigned URL. Signatures are not verified:
 * this endpoint listens on loopback only and knows nobody's secret key.
 */
export function readScope(authorization: string | undefined, url: URL): Scope | undefined {
  const presigned = url.searchParams.get('X-Amz-Credential');
  const text = authorization ?? (presigned === null ? '' : `Credential=${presigned}`);
  const [, accessKeyId, , region, service] = credential.exec(text) ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return undefined;
  return { accessKeyId, region, service };
}

/** An access key id of twelve digits stands for that account; every other key belongs to the stack's own account. */
export function toCaller(accessKeyId: string, stackAccountId: string): Caller {
  const accountId = /^\d{12}$/.test(accessKeyId) ? accessKeyId : stackAccountId;
  return { accountId, accessKeyId, arn: `arn:aws:iam::${accountId}:root` };
}
