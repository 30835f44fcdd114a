import type { Services } from '../services.ts';

/** What earlier cases learnt, for instance the id of what they created, beside the things that are always there. */
export interface Known {
  services: Services;
  ids: Record<string, string>;
}

/** One request, and what every client must make of its answer. */
export interface Case {
  operation: string;
  /** A word on what is special about the case, where one operation has several. */
  about?: string;
  input?: (known: Known) => Record<string, unknown>;
  /** Access key id; by default the stack's own account. */
  as?: string;
  /** Asks for one page of several. */
  singlePage?: boolean;
  /** Part of the output; or the code of the error, with the JavaScript SDK's own name where that differs. */
  output?: (known: Known) => Record<string, unknown>;
  error?: string | { code: string; javascript: string };
  learn?: (output: Record<string, unknown>, ids: Record<string, string>) => void;
}

/** All cases of one service, in the order in which they build on each other. */
export interface ServiceCases {
  /** As botocore calls it. */
  service: string;
  /** Its name in a signature, where that is another one. */
  scope?: string;
  cases: Case[];
}

/** The text at a path of an answer, for instance `VpcEndpoint.VpcEndpointId` or `Messages.0.Body`. */
export function textAt(output: unknown, path: string): string {
  const found = path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], output);
  if (typeof found !== 'string') throw new Error(`The answer has no text at ${path}.`);
  return found;
}
