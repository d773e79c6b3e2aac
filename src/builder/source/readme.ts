import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { BuildFailure } from '../build-failure';
import { openWithin } from '../sandbox/build-folder';

/** What a README may be called, the best first. */
const NAMES = ['readme.md', 'readme.markdown', 'readme.txt', 'readme'];

/** A description is not longer than this; one byte more shows that a file is. */
const MAX_BYTES = 64 * 1024 + 1;

/**
 * Reads the README next to a Dockerfile of an untrusted source: its first 64 KiB and one byte.
 *
 * @param dockerfile - relative to the source
 * @returns undefined when there is none, or it is a link that leads out of the source
 */
export async function readReadme(source: string, dockerfile: string): Promise<string | undefined> {
  const folder = path.dirname(dockerfile);
  const entries = await readdir(path.join(source, folder));
  const name = NAMES.flatMap((each) => entries.filter((entry) => entry.toLowerCase() === each))[0];
  if (name === undefined) return undefined;
  try {
    const file = await openWithin(source, path.join(folder, name));
    try {
      const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(MAX_BYTES), position: 0 });
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof BuildFailure) return undefined;
    throw error;
  }
}
