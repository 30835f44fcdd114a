import { access, constants, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** `.local/`: what a run leaves for people and programs. */
const folder = path.resolve(import.meta.dirname, '../.local');

/** Nothing can be written to `.local/`. The message says why and what to do. */
class OutputError extends Error {
  override readonly name = 'OutputError';
}

/** Where a file of `.local/` is. */
export function outputPath(name: string): string {
  return path.join(folder, name);
}

/**
 * Makes `.local/` ready to be written to, before there is anything to write.
 *
 * @throws OutputError
 */
export async function prepareOutput(): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OutputError(`Nothing can be written to ${folder}: ${reason}. Remove it, or make it writable.`, {
      cause,
    });
  }
}

/** Writes a file of `.local/`. It appears whole or not at all: whoever waits for it may read it at once. */
export async function writeOutput(
  name: string,
  text: string,
  { mode }: { mode?: number } = {},
): Promise<void> {
  const unfinished = outputPath(`${name}.${process.pid}`);
  await writeFile(unfinished, text, { mode });
  await rename(unfinished, outputPath(name));
}
