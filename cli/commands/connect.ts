import type { Command } from '../command.ts';
import { startAndShow } from '../follow.ts';

export const connect: Command = {
  name: 'connect',
  summary: 'Connects a source: private link, connection, setup tests, verified initial sync. Safe to repeat.',
  arguments: ['source'],
  options: {
    group: {
      type: 'string',
      value: 'id',
      description: "Fivetran's group, which is also its destination",
      required: true,
    },
    prefix: {
      type: 'string',
      value: 'name',
      description: "the connection's name and the beginning of its schemas at the destination; permanent",
      required: true,
    },
    service: {
      type: 'string',
      value: 'type',
      description: 'postgres, postgres_rds or aurora_postgres (default postgres)',
    },
    method: {
      type: 'string',
      value: 'method',
      description: 'TELEPORT, QUERY_BASED, XMIN or WAL_PGOUTPUT (default TELEPORT)',
    },
    frequency: {
      type: 'string',
      value: 'minutes',
      description: 'minutes between two syncs',
      isNumber: true,
    },
    host: { type: 'string', value: 'name', description: "host for Fivetran, instead of the link's own name" },
  },
  run({ arguments: [source], options }, stack, terminal) {
    return startAndShow(stack, terminal, 'connect-source', {
      source,
      groupId: options.group,
      schemaPrefix: options.prefix,
      ...(options.service === undefined ? {} : { service: options.service }),
      ...(options.method === undefined ? {} : { updateMethod: options.method }),
      ...(options.frequency === undefined ? {} : { syncFrequency: Number(options.frequency) }),
      ...(options.host === undefined ? {} : { host: options.host }),
    });
  },
};
