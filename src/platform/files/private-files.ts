import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { createDirectory } from './create-directory';
import { syncDirectory } from './sync-directory';

/* Files and directories that only their owner may read. */

const DIRECTORY = 0o700;
const FILE = 0o600;

/** The length of bytes and their SHA-256, in hex. */
export interface ByteSum {
  readonly bytes: number;
  readonly sha256: string;
}

/** Creates a directory, unless it exists; its parents, if they are missing, get the usual mode. */
export async function createPrivateDirectory(directory: string): Promise<void> {
  await createDirectory(path.dirname(directory));
  await mkdir(directory, { mode: DIRECTORY }).catch(() => createDirectory(directory));
}

async function writeAll(handle: FileHandle, bytes: AsyncIterable<Buffer>): Promise<ByteSum> {
  const hash = createHash('sha256');
  let written = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    await handle.writeFile(chunk);
    written += chunk.length;
  }
  await handle.sync();
  return { bytes: written, sha256: hash.digest('hex') };
}

/** Writes a new file, which survives a crash of the machine once its directory is synced. */
export async function writePrivateFile(file: string, bytes: AsyncIterable<Buffer>): Promise<ByteSum> {
  const handle = await open(file, 'wx', FILE);
  try {
    return await writeAll(handle, bytes);
  } finally {
    await handle.close();
  }
}

/** Moves a file within a file system, where it replaces another; this survives a crash of the machine. */
export async function replaceFile(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncDirectory(path.dirname(to));
}

const READ_BYTES = 1024 * 1024;

/** Reads a file to its end. */
export async function sumOfFile(file: string): Promise<ByteSum> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES })) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
