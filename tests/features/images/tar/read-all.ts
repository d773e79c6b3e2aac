import { readTar, type TarEntry } from '../../../../src/features/images/tar/tar-reader';
import { collect, inChunks, packTar, type PackEntry } from './pack-tar';

export type ReadEntry = Omit<TarEntry, 'body'> & { content: Buffer };

/** Reads a whole tar, bodies and all. */
export async function readAll(tar: Buffer, sizes?: readonly number[]): Promise<ReadEntry[]> {
  const entries: ReadEntry[] = [];
  for await (const { body, ...entry } of readTar(inChunks(tar, sizes))) {
    entries.push({ ...entry, content: await collect(body) });
  }
  return entries;
}

/** Packs these, and reads the first entry. */
export async function readOne(...entries: PackEntry[]): Promise<ReadEntry> {
  const [entry] = await readAll(packTar(...entries));
  if (!entry) throw new Error('no entry');
  return entry;
}
