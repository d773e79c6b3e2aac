import type { Dirent } from 'node:fs';
import { opendir, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { hasCode, isDiskFull } from '../platform/error-code';
import { AppError } from '../platform/errors';
import { createDirectory } from '../platform/files/create-directory';
import { syncDirectory } from '../platform/files/sync-directory';
import { settle } from './settle';

/** Whether the file, or a folder on the way to it, does not exist. */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** Says which storage has no room. */
export function translateFull(error: unknown): unknown {
  if (!isDiskFull(error)) return error;
  return new AppError('storage_full', 'The storage is full: the disk has no room for this layer', { cause: error });
}

/**
 * Renames a file. The folder may be new. When it resolves, the name survives a power failure, as a rename alone would
 * not, and so does a new folder.
 *
 * @param bytes - the open file, if its bytes are not durable yet; they are then synced together with the name
 */
export async function moveIntoPlace(from: string, to: string, bytes?: FileHandle): Promise<void> {
  const folder = path.dirname(to);
  const created = await renameInto(folder, from, to);
  const folders = created === undefined ? [folder] : [folder, path.dirname(folder)];
  await settle([bytes?.datasync(), ...folders.map((directory) => syncDirectory(directory))]);
}

/** @returns the folder if it had to be created */
async function renameInto(folder: string, from: string, to: string): Promise<string | undefined> {
  try {
    await rename(from, to);
    return undefined;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  await createDirectory(folder);
  await rename(from, to);
  return folder;
}

/** The names in a folder; none if the folder does not exist. */
export async function* filesIn(directory: string): AsyncIterable<Dirent> {
  try {
    for await (const entry of await opendir(directory)) yield entry;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
