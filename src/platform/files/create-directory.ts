import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../error-code';

/**
 * Creates a directory and its parents; an existing one is fine. Node's `recursive` tries forever, without reacting to
 * signals, if the system says that the directory does not exist although its parent does, as it does below /proc.
 *
 * @returns the topmost directory that was created, or undefined if all existed
 * @throws the system's error for a directory that cannot be created
 */
export async function createDirectory(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory);
    return directory;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return expectDirectory(directory, error);
    if (!hasCode(error, 'ENOENT') || path.dirname(directory) === directory) throw error;
  }
  const created = await createDirectory(path.dirname(directory));
  try {
    await mkdir(directory);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await expectDirectory(directory, error);
  }
  return created ?? directory;
}

async function expectDirectory(directory: string, otherwise: unknown): Promise<undefined> {
  if (!(await stat(directory)).isDirectory()) throw otherwise;
  return undefined;
}
