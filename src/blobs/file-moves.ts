import type { Dirent } from 'node:fs';
import { opendir, rename } from 'node:fs/promises';
import path from 'node:path';
import { hasCode, isDiskFull } from '../platform/error-code';
import { AppError } from '../platform/errors';
import { createDirectory } from '../platform/files/create-directory';
import { syncDirectory } from '../platform/files/sync-directory';

/** Whether the file, or a folder on the way to it, does not exist. */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** Says which storage has no room. */
export function translateFull(error: unknown): unknown {
  if (!isDiskFull(error)) return error;
  return new AppError('storage_full', 'The storage is full: the disk has no room for this layer', { cause: error });
}

/** A rename alone may be lost in a power failure, and so may a new folder and its name in the parent. */
export async function moveIntoPlace(from: string, to: string): Promise<void> {
  const folder = path.dirname(to);
  const created = await createDirectory(folder);
  await rename(from, to);
  await syncDirectory(folder);
  if (created !== undefined) await syncDirectory(path.dirname(folder));
}

/** The names in a folder; none if the folder does not exist. */
export async function* filesIn(directory: string): AsyncIterable<Dirent> {
  try {
    for await (const entry of await opendir(directory)) yield entry;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
