#!/usr/bin/env node
import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { commands } from './commands/commands.ts';
import { InterruptedError, UsageError } from './errors.ts';
import { openStack } from './stack.ts';
import { createTerminal } from './terminal.ts';

const common: Command['options'] = {
  stage: { type: 'string', value: 'name', description: 'stage of the stack (default dev)' },
  region: { type: 'string', value: 'region', description: "Region (default AWS_REGION or the profile's)" },
  local: { type: 'boolean', description: 'speak to the stack that npm run local started' },
  json: { type: 'boolean', description: 'print the answer as JSON' },
  help: { type: 'boolean', description: 'show this' },
};

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined)
    throw new UsageError(`There is no command ${name}. Run with --help for the list.`);
  const { values, positionals } = read(command, rest);
  if (values.help === true) {
    process.stdout.write(manual(command));
    return 0;
  }
  check(command, values, positionals);
  const terminal = createTerminal(values.json === true);
  const stack = await openStack({
    stage: typeof values.stage === 'string' ? values.stage : 'dev',
    region: typeof values.region === 'string' ? values.region : undefined,
    local: values.local === true,
  });
  const { ok, answer } = await command.run({ arguments: positionals, options: values }, stack, terminal);
  if (values.json === true) process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  return ok ? 0 : 1;
}

function read(
  command: Command,
  args: readonly string[],
): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...common }).map(([option, { type }]) => [option, { type }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, positionals };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${manual(command)}`);
  }
}

function check(command: Command, values: Record<string, unknown>, positionals: readonly string[]): void {
  if (positionals.length !== command.arguments.length) {
    throw new UsageError(
      `${command.name} takes ${command.arguments.join(' ') || 'no arguments'}.\n\n${manual(command)}`,
    );
  }
  const missing = Object.entries(command.options).flatMap(([option, { required }]) =>
    required === true && values[option] === undefined ? [`--${option}`] : [],
  );
  const unread = Object.entries(command.options).flatMap(([option, { isNumber }]) =>
    isNumber === true && typeof values[option] === 'string' && !/^\d+$/.test(values[option])
      ? [`--${option}`]
      : [],
  );
  if (unread.length > 0) {
    throw new UsageError(`${unread.join(', ')} takes a whole number.\n\n${manual(command)}`);
  }
  if (missing.length > 0) {
    throw new UsageError(`${command.name} needs ${missing.join(', ')}.\n\n${manual(command)}`);
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Usage: npx fivetran-privatelink <command> [options]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'It speaks to what AWS_PROFILE or AWS_ENDPOINT_URL points at; with --local, to npm run local.',
    '<command> --help shows its options.',
    '',
  ].join('\n');
}

function manual(command: Command): string {
  const options = Object.entries({ ...command.options, ...common });
  const rows = options.map(([option, { value, description, required }]): [string, string] => [
    `--${option}${value === undefined ? '' : ` <${value}>`}`,
    `${description}${required === true ? ' (required)' : ''}`,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    `Usage: npx fivetran-privatelink ${[command.name, ...command.arguments.map((name) => `<${name}>`)].join(' ')} [options]`,
    '',
    command.summary,
    '',
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
  ].join('\n');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : error instanceof InterruptedError ? 130 : 1;
}
