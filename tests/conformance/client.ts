/** What a client of AWS made of one request, the same whichever client it was. */
export type Answer =
  | {
      kind: 'output';
      output: Record<string, unknown>;
      requestId: string | undefined;
      /** What the answer has that the API's model has not, from a client that can tell. */
      deviations?: string[];
    }
  | { kind: 'error'; code: string; message: string; requestId: string | undefined };

interface Request {
  /** As botocore calls it, for instance `stepfunctions`. */
  service: string;
  /** As the API calls it, for instance `DescribeVpcEndpointConnections`. */
  operation: string;
  input: Record<string, unknown>;
  /** Access key id; twelve digits are another account. */
  accessKeyId: string;
  /** Whether a client that follows pages by itself shall leave that. */
  singlePage: boolean;
}

/** One way to speak to AWS. Dates arrive as ISO 8601 text, bytes as text. */
export interface Client {
  send: (request: Request) => Promise<Answer>;
  /** Whether answers carry the request id. */
  tellsRequestId: boolean;
  stop: () => Promise<void>;
}
