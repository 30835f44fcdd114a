import { readFile, rm } from 'node:fs/promises';
import { isJsonObject, parseJson } from './json.ts';
import { outputPath, writeOutput } from './output.ts';
import type { StackInfo } from './stack-info.ts';

const name = 'stack.json';

/** `.local/stack.json`, which tells programs where the running stack is. */
export interface StackFile {
  path: string;
  /** Another stack that runs from this checkout and that the file told of so far. */
  other: { pid: number } | undefined;
  write: (info: StackInfo) => Promise<void>;
  /** Takes back what this process wrote; the file then tells of the other stack again, where that still runs. */
  remove: () => Promise<void>;
}

interface Written {
  text: string;
  pid: number;
  awsEndpoint: string;
}

/** Looks who is there already. A file that a killed process left behind tells of nobody, and goes. */
export async function openStackFile(): Promise<StackFile> {
  const before = await read();
  const other = before !== undefined && (await answers(before)) ? before : undefined;
  if (other === undefined) await rm(outputPath(name), { force: true });
  return {
    path: outputPath(name),
    other,
    write: (info) => write(`${JSON.stringify(info, null, 2)}\n`),
    remove: async () => {
      if ((await read())?.pid !== process.pid) return;
      if (other !== undefined && (await answers(other))) await write(other.text);
      else await rm(outputPath(name), { force: true });
    },
  };
}

/** It has passwords in it. */
async function write(text: string): Promise<void> {
  await writeOutput(name, text, { mode: 0o600 });
}

async function read(): Promise<Written | undefined> {
  try {
    const text = await readFile(outputPath(name), 'utf8');
    const value = parseJson(text);
    if (!isJsonObject(value)) return undefined;
    const { pid, awsEndpoint } = value;
    return typeof pid === 'number' && typeof awsEndpoint === 'string'
      ? { text, pid, awsEndpoint }
      : undefined;
  } catch {
    // There is none, or it is somebody else's: nothing that could be asked.
    return undefined;
  }
}

/**
 * Asked at its port and not by its process id, which another program may have by now. One that is too busy to answer
 * is there all the same.
 */
async function answers({ awsEndpoint }: Written): Promise<boolean> {
  return fetch(awsEndpoint, { signal: AbortSignal.timeout(2_000) }).then(
    () => true,
    (error: unknown) => error instanceof Error && error.name === 'TimeoutError',
  );
}
