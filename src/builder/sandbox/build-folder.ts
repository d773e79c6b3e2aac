import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, lstat, mkdir, open, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from '../build-failure';
import { onBuildFiles, type BuildUser } from './enclosure';
import { runAs } from './programs';

/** The folder of one build on the disk of a builder, which is removed at its end. */
export interface BuildFolder {
  readonly path: string;
  /** What git sees as `/build`. */
  readonly fetched: string;
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
  const created = {
    path: folder,
    fetched: path.join(folder, 'fetched'),
    files: path.join(folder, 'files'),
    mountPoint: path.join(folder, 'root'),
  };
  await mkdir(parent, { recursive: true });
  await mkdir(folder, { mode: 0o700 });
  for (const each of [created.fetched, created.files, created.mountPoint]) await mkdir(each, { mode: 0o700 });
  if (user !== undefined) {
    for (const each of [created.fetched, created.files, created.mountPoint, folder])
      await chown(each, user.uid, user.gid);
  }
  await chmod(parent, 0o711);
  return created;
}

/**
 * Opens a file that an untrusted program may have written, to read it: links count as what they lead to, which must be in
 * the folder. No program of the build may still run.
 *
 * @throws BuildFailure when it is missing, elsewhere or not a file
 */
export async function openWithin(folder: string, name: string): Promise<FileHandle> {
  const root = await realpath(folder);
  const found = await realpath(path.join(root, name)).catch(() => '');
  if (!found.startsWith(`${root}/`))
    throw new BuildFailure('A file of the build is missing, or leads out of its folder.');
  const file = await open(found, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new BuildFailure('A file of the build is not a file.');
}

/**
 * Moves the source that git has fetched to the files of the build. What else git left is not seen by the build.
 *
 * @throws BuildFailure when it is not a folder
 */
export async function adoptSource({ fetched, files }: BuildFolder): Promise<string> {
  const source = path.join(files, 'source');
  await rename(path.join(fetched, 'source'), source);
  if (!(await lstat(source)).isDirectory()) throw new BuildFailure('The source is not a folder.');
  return source;
}

/** Removes files that programs of builds created as other users. @returns what could not be removed */
export async function removeFiles(folder: string, user: BuildUser | undefined): Promise<string> {
  const { text } = await runAs(user, onBuildFiles(['rm', '-rf', folder]));
  return text;
}

/**
 * Removes the folder of a build with all files that its programs created as other users.
 *
 * @throws BuildFailure if something of it stays
 */
export async function removeBuildFolder(folder: string, user: BuildUser | undefined): Promise<void> {
  const parts = ['fetched', 'files', 'root'].map((name) => path.join(folder, name));
  const { text } = await runAs(user, onBuildFiles(['rm', '-rf', ...parts]));
  // What is left was written by this process: base images.
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    throw new BuildFailure(`The folder of a build could not be removed: ${text.slice(0, 500)}`, { cause: error });
  });
}
