import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

const prefix = 'run-';

/** A folder of this process in `.local/`; what processes left behind that are no more is removed first. */
export async function makeRunDirectory(localDirectory: string): Promise<string> {
  await mkdir(localDirectory, { recursive: true });
  for (const name of await readdir(localDirectory)) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) {
      await rm(path.join(localDirectory, name), { recursive: true, force: true });
    }
  }
  return mkdtemp(path.join(localDirectory, `${prefix}${process.pid}-`));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may not be signalled, but it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
