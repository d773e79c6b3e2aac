import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';

/** A store in a folder of its own. */
export async function openFilesystemStore(): Promise<{
  store: FilesystemBlobStore;
  root: string;
  again: () => FilesystemBlobStore;
  close: () => Promise<void>;
}> {
  const root = await mkdtemp(path.join(tmpdir(), 'drydock-blobs-'));
  const again = (): FilesystemBlobStore => new FilesystemBlobStore(root);
  // A finished write may still be removing what is left of it.
  const close = (): Promise<void> => rm(root, { recursive: true, force: true, maxRetries: 10 });
  return { store: again(), root, again, close };
}
