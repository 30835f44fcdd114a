import type { Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

/** What a command was given, parsed and of the right form. */
export interface Given {
  /** Positional arguments, as many as the command names. */
  arguments: readonly string[];
  options: Readonly<Record<string, string | boolean | undefined>>;
}

/** The form of a value, so that a slip of the pen starts no execution and wakes nobody. */
export interface Form {
  fits: (text: string) => boolean;
  /** What it must do or be, for instance `look like vpce-0123456789abcdef0`. */
  must: string;
}

export interface Argument {
  name: string;
  form?: Form;
}

export interface Option {
  type: 'string' | 'boolean';
  /** One letter that stands for it. */
  short?: string;
  /** What stands for the value in the manual. */
  value?: string;
  description: string;
  required?: boolean;
  form?: Form;
}

/** One command of the operators' command line. It starts machines and reads state; it decides nothing. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** Positional arguments, all required. */
  arguments: readonly Argument[];
  options: Readonly<Record<string, Option>>;
  /** What `--json` prints, for the manual. */
  answer: string;
  /** Answers with what `--json` prints, having shown people the same; `ok` decides the exit code. */
  run: (given: Given, stack: Stack, terminal: Terminal) => Promise<{ ok: boolean; answer: unknown }>;
}
