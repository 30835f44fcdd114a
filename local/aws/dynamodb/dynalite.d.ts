declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface Options {
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }

  /** An HTTP server that answers as DynamoDB and keeps its tables in memory. */
  export default function dynalite(options?: Options): Server;
}
