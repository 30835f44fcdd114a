import { parseArgs } from 'node:util';
import type { Command, Form, Given } from './command.ts';
import { sentenceOf, UsageError } from './errors.ts';
import { manual } from './manual.ts';
import { commonOptions } from './options.ts';

/**
 * What a command was given.
 *
 * @throws UsageError naming all that is unknown, missing or of a wrong form, with the command's manual
 */
export function readArguments(command: Command, args: readonly string[]): Given {
  const given = parse(command, args);
  if (given.options.help === true) return given;
  const faults = faultsOf(command, given);
  if (faults.length > 0) throw misuse(command, `${faults.join('.\n')}.`);
  return given;
}

function parse(command: Command, args: readonly string[]): Given {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, ...commonOptions }).map(([name, option]) => [
      name,
      { type: option.type, ...('short' in option ? { short: option.short } : {}) },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { arguments: positionals, options: values };
  } catch (error) {
    // The first sentence; the rest is Node's advice for values that begin with a dash.
    throw misuse(command, sentenceOf(error).replace(/ To specify a positional.*$/s, ''));
  }
}

const misuse = (command: Command, what: string): UsageError =>
  new UsageError(`${what}\n\n${manual(command)}`);

function faultsOf(command: Command, { arguments: values, options }: Given): string[] {
  if (values.length !== command.arguments.length) {
    const names = command.arguments.map(({ name }) => `<${name}>`).join(' ');
    return [`${command.name} takes ${names || 'no arguments'}`];
  }
  const all = Object.entries({ ...command.options, ...commonOptions });
  const missing = all.flatMap(([name, option]) =>
    'required' in option && option.required === true && (options[name] ?? '') === '' ? [`--${name}`] : [],
  );
  return [
    ...(missing.length === 0 ? [] : [`${command.name} needs ${missing.join(', ')}`]),
    ...command.arguments.flatMap(({ name, form }, index) => faultOfValue(`<${name}>`, values[index], form)),
    ...all.flatMap(([name, option]) =>
      'form' in option ? faultOfValue(`--${name}`, options[name], option.form) : [],
    ),
  ];
}

function faultOfValue(name: string, value: string | boolean | undefined, form: Form | undefined): string[] {
  if (typeof value !== 'string' || form === undefined || form.fits(value)) return [];
  return [`${name} is "${value}" but must ${form.must}`];
}
