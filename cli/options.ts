import type { Option } from './command.ts';
import { forms } from './forms.ts';

/** Options of every command. */
export const commonOptions = {
  stage: {
    type: 'string',
    value: 'name',
    description: 'stage of the stack (default dev)',
    form: forms.stage,
  },
  region: { type: 'string', value: 'region', description: "Region (default AWS_REGION or the profile's)" },
  local: { type: 'boolean', description: 'speak to the stack that npm run local started in this folder' },
  json: { type: 'boolean', description: 'print the answer as JSON' },
  help: { type: 'boolean', short: 'h', description: 'show this' },
} as const satisfies Record<string, Option>;
