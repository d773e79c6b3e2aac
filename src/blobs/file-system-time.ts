import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { createDirectory } from '../platform/files/create-directory';
import { UPLOADS, newUploadKey } from './paths';

/**
 * The time by the file system's clock, in milliseconds. Change times (ctime) of files are compared with it, because the
 * hosts that share a file system may have different clocks.
 *
 * @param root - of the store
 */
export async function fileSystemTime(root: string): Promise<number> {
  await createDirectory(path.join(root, UPLOADS));
  const name = path.join(root, newUploadKey());
  const probe = await open(name, 'wx');
  try {
    return (await probe.stat()).ctimeMs;
  } finally {
    await probe.close();
    await rm(name, { force: true });
  }
}
