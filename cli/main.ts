#!/usr/bin/env node
import { commands } from './commands/commands.ts';
import { InterruptedError, sentenceOf, UsageError } from './errors.ts';
import { manual, overview } from './manual.ts';
import { readArguments } from './read-arguments.ts';
import { openStack } from './stack.ts';
import { createTerminal } from './terminal.ts';

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) throw new UsageError(overview(commands));
  if (['help', '--help', '-h'].includes(name)) {
    const [about] = rest;
    process.stdout.write(about === undefined ? overview(commands) : manual(commandOf(about)));
    return 0;
  }
  const command = commandOf(name);
  const given = readArguments(command, rest);
  const { stage, region, local, json, help } = given.options;
  if (help === true) {
    process.stdout.write(manual(command));
    return 0;
  }
  const stack = await openStack({
    stage: typeof stage === 'string' ? stage : 'dev',
    region: typeof region === 'string' ? region : undefined,
    local: local === true,
  });
  const { ok, answer } = await command.run(given, stack, createTerminal(json === true));
  if (json === true) process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  return ok ? 0 : 1;
}

function commandOf(name: string): (typeof commands)[number] {
  const command = commands.find((candidate) => candidate.name === name);
  if (command !== undefined) return command;
  throw new UsageError(
    name.startsWith('-')
      ? `The command comes first, then ${name}. Run with --help for the list.`
      : `There is no command ${name}. Run with --help for the list.`,
  );
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the output may stop reading, as `head` does.
  if (error.code === 'EPIPE') process.exit();
  process.stderr.write(`The output could not be written: ${error.message}\n`);
  process.exit(1);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${sentenceOf(error).trimEnd()}\n`);
  process.exitCode = error instanceof UsageError ? 2 : error instanceof InterruptedError ? 130 : 1;
}
