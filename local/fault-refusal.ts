import type * as z from 'zod/mini';
import { describeIssues } from '../shared/contracts/parse.ts';
import type { HttpReply } from './http-server.ts';

/** The answer to a body that is no fault of this lever: which kinds there are, or what the kind lacks. */
export function refuseFault(lever: z.core.$ZodType, error: z.core.$ZodError): HttpReply {
  const kinds = [...(lever._zod.propValues?.kind ?? [])].map(String).join(', ');
  const ofNoKind = error.issues.some(({ code, path }) =>
    path.length === 0 ? code === 'invalid_type' || code === 'invalid_union' : path[0] === 'kind',
  );
  const message = ofNoKind
    ? `The body is JSON, with one of these as its kind: ${kinds}.`
    : describeIssues(error);
  return { status: 400, body: { message } };
}
