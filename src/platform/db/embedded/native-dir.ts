import { constants } from 'node:fs';
import { chmod, cp, lstat, mkdtemp, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { hasCode } from '../../error-code';
import { canReach, createEnterableDir, type RunAs } from './run-as';

const symlinkListSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const manifestSchema = z.object({ version: z.string() });

/**
 * Makes the programs of an npm platform package usable: recreates the library links that its install script would have
 * created, and copies everything if the package is not writable or the database's user cannot reach it.
 *
 * @param nativeDir - the package's `native` directory
 * @param copiesDir - where the copy goes, if one is needed
 * @returns the directory to use instead of `nativeDir`
 */
export async function prepareNativeDir(
  nativeDir: string,
  copiesDir: string,
  runAs: RunAs | undefined,
): Promise<string> {
  const dir = await realpath(nativeDir);
  if (runAs === undefined || canReach(join(dir, 'bin', 'postgres'), runAs)) {
    try {
      await createLibraryLinks(dir);
      return dir;
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
    }
  }
  return copyNativeDir(dir, copiesDir);
}

async function createLibraryLinks(dir: string): Promise<void> {
  const list = symlinkListSchema.parse(JSON.parse(await readFile(join(dir, 'pg-symlinks.json'), 'utf8')));
  // The list is relative to the package, but a copy of native/ may have any name.
  const locate = (listed: string): string => join(dir, relative('native', listed));
  for (const { source, target } of list) {
    const link = locate(target);
    if (await exists(link)) continue;
    await symlink(relative(dirname(link), locate(source)), link).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  }
}

async function copyNativeDir(dir: string, copiesDir: string): Promise<string> {
  const copy = join(createEnterableDir(copiesDir), `postgres-native-${await readPackageVersion(dir)}-${process.arch}`);
  if (await exists(copy)) return copy;
  const draft = await mkdtemp(`${copy}.`);
  try {
    await cp(dir, draft, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
    await openToEveryone(draft);
    await createLibraryLinks(draft);
    await rename(draft, copy).catch(async (error: unknown) => {
      // Another process was faster; its copy is just as good.
      if (!(await exists(copy))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return copy;
}

/** Only root can read a package that was installed under a strict umask, and the same would be true of its copy. */
async function openToEveryone(dir: string): Promise<void> {
  await chmod(dir, 0o755);
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const { mode } = await lstat(path);
    await chmod(path, (mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

async function readPackageVersion(dir: string): Promise<string> {
  return manifestSchema.parse(JSON.parse(await readFile(join(dir, '..', 'package.json'), 'utf8'))).version;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
