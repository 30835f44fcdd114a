/** One HTTP answer, ready to be sent. The endpoint adds `x-amzn-requestid`. */
export interface Reply {
  statusCode: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}
