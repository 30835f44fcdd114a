import type { Command, Option } from './command.ts';
import { commonOptions } from './options.ts';

const program = 'npx fivetran-privatelink';

/** What the program can do. */
export function overview(commands: readonly Command[]): string {
  return [
    `Usage: ${program} <command> [options]`,
    '',
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    '',
    'It speaks to what AWS_PROFILE or AWS_ENDPOINT_URL points at; with --local, to npm run local.',
    '<command> --help shows its options.',
    '',
    'Exit codes: 0 done; 1 not done, or something is broken; 2 asked in a wrong way; 130 Ctrl-C while an',
    'execution ran, which goes on. docs/command-line.md has the rest.',
    '',
  ].join('\n');
}

/** One command's arguments and options. */
export function manual(command: Command): string {
  const options: [string, Option][] = Object.entries({ ...command.options, ...commonOptions });
  return [
    `Usage: ${[program, command.name, ...command.arguments.map(({ name }) => `<${name}>`)].join(' ')} [options]`,
    '',
    command.summary,
    '',
    ...columns(
      options.map(([name, { short, value, description, required }]) => [
        `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` <${value}>`}`,
        `${description}${required === true ? ' (required)' : ''}`,
      ]),
    ),
    '',
    `--json prints ${command.answer}.`,
    '',
  ].join('\n');
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
