import type { Stack } from './stack.ts';
import type { Terminal } from './terminal.ts';

/** What a command was given, parsed. */
export interface Given {
  /** Positional arguments, as many as the command names. */
  arguments: readonly string[];
  options: Readonly<Record<string, string | boolean | undefined>>;
}

interface Option {
  type: 'string' | 'boolean';
  /** What stands for the value in the manual. */
  value?: string;
  description: string;
  required?: boolean;
  isNumber?: boolean;
}

/** One command of the operators' command line. It starts machines and reads state; it decides nothing. */
export interface Command {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** Names of the positional arguments, all required. */
  arguments: readonly string[];
  options: Record<string, Option>;
  /** Answers with what `--json` prints, having shown people the same; `ok` decides the exit code. */
  run: (given: Given, stack: Stack, terminal: Terminal) => Promise<{ ok: boolean; answer: unknown }>;
}
