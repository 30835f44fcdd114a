import * as z from 'zod/mini';
import type { Subject } from '../../shared/contracts/subject.ts';

const KnownInput = z.object({
  connectionId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  endpointId: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  source: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
});

/** What an execution was about, by its input: its failure belongs to that thing's incident. */
export function subjectOfInput(input: string): Subject | undefined {
  const read = z.safeParse(KnownInput, parseJson(input));
  if (!read.success) return undefined;
  const { connectionId, endpointId, source } = read.data;
  if (connectionId !== undefined) return { type: 'connection', id: connectionId, name: '' };
  if (endpointId !== undefined) return { type: 'endpoint', id: endpointId, name: '' };
  if (source !== undefined) return { type: 'source', id: source, name: '' };
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
