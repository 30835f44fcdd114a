import type { Command } from '../command.ts';
import { forms } from '../forms.ts';
import { endedInWords, startAndShow } from '../follow.ts';

export const connect: Command = {
  name: 'connect',
  summary: 'Connects a source: private link, connection, setup tests, verified initial sync. Safe to repeat.',
  arguments: [{ name: 'source', form: forms.source }],
  answer: endedInWords,
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
      form: forms.wholeNumber,
    },
    schedule: {
      type: 'string',
      value: 'type',
      description: "auto, or manual when run-sync's own schedule starts the syncs",
    },
    host: { type: 'string', value: 'name', description: "host for Fivetran, instead of the link's own name" },
    port: {
      type: 'string',
      value: 'number',
      description: "where the source's secret has another one",
      form: forms.wholeNumber,
    },
    database: { type: 'string', value: 'name', description: "where the source's secret has another one" },
    'service-id': {
      type: 'string',
      value: 'id',
      description: 'endpoint service, where several carry the tags of this source',
      form: forms.serviceId,
    },
  },
  run({ arguments: [source], options }, stack, terminal) {
    const given = Object.fromEntries(
      Object.entries(options).flatMap(([option, value]) => {
        const field = fields[option];
        if (field === undefined || value === undefined) return [];
        return [[field, connect.options[option]?.form === forms.wholeNumber ? Number(value) : value]];
      }),
    );
    return startAndShow(stack, terminal, 'connect-source', { source, ...given });
  },
};

/** Options and the fields of connect-source's input that they fill. */
const fields: Record<string, string> = {
  group: 'groupId',
  prefix: 'schemaPrefix',
  service: 'service',
  method: 'updateMethod',
  frequency: 'syncFrequency',
  schedule: 'scheduleType',
  host: 'host',
  port: 'port',
  database: 'database',
  'service-id': 'serviceId',
};
