import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../error-code';

/**
 * Creates a directory with those above it; fine if it is there. Node's `recursive` tries for ever, and hears no signal,
 * where the system says that there is no such directory although its parent exists, as it does below /proc.
 *
 * @returns the topmost directory that was created, or undefined when all were there
 * @throws the system's error for a directory that cannot be created
 */
export async function makeDirectory(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory);
    return directory;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return expectDirectory(directory, error);
    if (!hasCode(error, 'ENOENT') || path.dirname(directory) === directory) throw error;
  }
  const made = await makeDirectory(path.dirname(directory));
  try {
    await mkdir(directory);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    await expectDirectory(directory, error);
  }
  return made ?? directory;
}

async function expectDirectory(directory: string, otherwise: unknown): Promise<undefined> {
  if (!(await stat(directory)).isDirectory()) throw otherwise;
  return undefined;
}
