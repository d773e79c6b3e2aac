import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';

/** A store in a folder of its own. */
export async function openFilesystemStore(): Promise<{
  store: FilesystemBlobStore;
  root: string;
  close: () => Promise<void>;
}> {
  const root = await mkdtemp(path.join(tmpdir(), 'drydock-blobs-'));
  return { store: new FilesystemBlobStore(root), root, close: () => rm(root, { recursive: true, force: true }) };
}
