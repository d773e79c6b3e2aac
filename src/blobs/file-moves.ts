import type { Dirent } from 'node:fs';
import { open, opendir, rename } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../platform/error-code';
import { AppError } from '../platform/errors';
import { createDirectory } from '../platform/files/create-directory';

/** Whether the file, or a folder on the way to it, does not exist. */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}

/** No room on the device, no quota left, or a file larger than this process may write. */
export function translateFull(error: unknown): unknown {
  if (!hasCode(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) return error;
  return new AppError('storage_full', 'The storage is full: the disk has no room for this layer', { cause: error });
}

/** Makes the names in a folder survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
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
