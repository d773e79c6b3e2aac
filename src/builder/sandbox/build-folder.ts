import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from '../build-failure';
import { onBuildFiles, type BuildUser } from './enclosure';
import { runAs } from './programs';

/** The folder of one build on the disk of a builder, which is removed at its end. */
export interface BuildFolder {
  readonly path: string;
  /** What the programs of the build see as `/build`; it belongs to the user of builds. */
  readonly files: string;
  /** Where their new root is mounted. */
  readonly mountPoint: string;
}

/**
 * Creates the folder of a build.
 *
 * @param parent - the folder of all builds of this builder
 */
export async function createBuildFolder(parent: string, user: BuildUser | undefined): Promise<BuildFolder> {
  const folder = path.join(parent, randomBytes(8).toString('hex'));
  const created = { path: folder, files: path.join(folder, 'files'), mountPoint: path.join(folder, 'root') };
  await mkdir(parent, { recursive: true });
  await mkdir(folder, { mode: 0o700 });
  for (const each of [created.files, created.mountPoint]) await mkdir(each, { mode: 0o700 });
  if (user !== undefined) {
    for (const each of [created.files, created.mountPoint, folder]) await chown(each, user.uid, user.gid);
  }
  await chmod(parent, 0o711);
  return created;
}

/**
 * Removes the folder of a build with all files that its programs created as other users.
 *
 * @throws BuildFailure if something of it stays
 */
export async function removeBuildFolder(folder: string, user: BuildUser | undefined): Promise<void> {
  const { code, text } = await runAs(
    user,
    onBuildFiles(['rm', '-rf', path.join(folder, 'files'), path.join(folder, 'root')]),
  );
  if (code !== 0) throw new BuildFailure(`The folder of a build could not be removed: ${text.slice(0, 500)}`);
  await rmdir(folder);
}
