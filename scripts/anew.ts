import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Makes folders of the project anew, so that whoever reads or makes them at the same time sees only whole files:
 * they are made in a folder of its own, and then each file takes its place by a rename, in the order of the folders
 * and of the names in them. What is not made any more goes.
 *
 * @param folders relative to the project, for instance `.build`
 * @param make fills these folders inside the folder that it is given
 */
export async function makeAnew<Made>(
  folders: readonly string[],
  make: (workshop: string) => Promise<Made>,
): Promise<Made> {
  // Not in the temporary folder: a rename does not leave the disk, and whoever kills the program leaves nothing there.
  await mkdir(path.join(root, '.cache'), { recursive: true });
  const workshop = await mkdtemp(path.join(root, '.cache/make-'));
  try {
    const made = await make(workshop);
    for (const folder of folders) await putInPlace(path.join(workshop, folder), path.join(root, folder));
    return made;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function putInPlace(from: string, to: string): Promise<void> {
  const files = await filesIn(from);
  for (const file of files) {
    await mkdir(path.dirname(path.join(to, file)), { recursive: true });
    await rename(path.join(from, file), path.join(to, file));
  }
  for (const file of await filesIn(to)) {
    if (!files.includes(file)) await rm(path.join(to, file), { force: true });
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();
}
