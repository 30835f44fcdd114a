import { ConnectSourceRequest } from '../../shared/contracts/setup.ts';
import type { Command } from '../command.ts';
import { forms, numberForm, textForm } from '../forms.ts';
import { endedInWords, startAndShow } from '../follow.ts';
import { memberOf } from '../member.ts';
import { tellSync } from './sync.ts';

const { shape } = ConnectSourceRequest;

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
      form: textForm(
        shape.schemaPrefix,
        'be small letters, digits and underscores, no digit first, 63 at most',
      ),
    },
    service: {
      type: 'string',
      value: 'type',
      description: 'postgres, postgres_rds or aurora_postgres (default postgres)',
      form: textForm(shape.service, 'be postgres, postgres_rds or aurora_postgres'),
    },
    method: {
      type: 'string',
      value: 'method',
      description: 'TELEPORT, QUERY_BASED, XMIN or WAL_PGOUTPUT (default TELEPORT)',
      form: textForm(shape.updateMethod, 'be TELEPORT, QUERY_BASED, XMIN or WAL_PGOUTPUT'),
    },
    'schema-names': {
      type: 'string',
      value: 'naming',
      description:
        'FIVETRAN_NAMING, or SOURCE_NAMING for the names as the source has them (default FIVETRAN_NAMING); permanent',
      form: textForm(shape.destinationSchemaNames, 'be FIVETRAN_NAMING or SOURCE_NAMING'),
    },
    frequency: {
      type: 'string',
      value: 'minutes',
      description: 'minutes between two syncs',
      form: numberForm(
        shape.syncFrequency,
        'be 1, 5, 15, 30, 60, 120, 180, 360, 480, 720 or 1440, which Fivetran knows',
      ),
    },
    schedule: {
      type: 'string',
      value: 'type',
      description: "auto, or manual when run-sync's own schedule starts the syncs",
      form: textForm(shape.scheduleType, 'be auto or manual'),
    },
    host: { type: 'string', value: 'name', description: "host for Fivetran, instead of the link's own name" },
    port: {
      type: 'string',
      value: 'number',
      description: "where the source's secret has another one",
      form: numberForm(shape.port, 'be a whole number from 1 to 65535'),
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
    const input: Record<string, unknown> = { source };
    for (const [field, option] of Object.entries(optionOf)) {
      const value = options[option];
      if (value !== undefined) input[field] = numbers.has(field) ? Number(value) : value;
    }
    return startAndShow(stack, terminal, 'connect-source', input, (output) =>
      tellSync(memberOf(output, 'sync')),
    );
  },
};

/** The option that fills each field of connect-source's input, beside the source itself. */
const optionOf: Record<Exclude<keyof ConnectSourceRequest, 'source'>, string> = {
  groupId: 'group',
  schemaPrefix: 'prefix',
  service: 'service',
  updateMethod: 'method',
  destinationSchemaNames: 'schema-names',
  syncFrequency: 'frequency',
  scheduleType: 'schedule',
  host: 'host',
  port: 'port',
  database: 'database',
  serviceId: 'service-id',
};

const numbers: ReadonlySet<string> = new Set(['syncFrequency', 'port']);
