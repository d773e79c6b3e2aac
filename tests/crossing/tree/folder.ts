import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Tree, TreeFile } from './file-tree';
import { readArchive } from './read-archive';

/* A tree that is on a disk, read through GNU tar, because Node cannot read extended attributes. */

const WHOLE = ['--format=posix', '--numeric-owner', '--xattrs', '--xattrs-include=*'];

async function archiveOf(folder: string): Promise<Buffer> {
  const child = spawn('tar', [...WHOLE, '--create', '--directory', folder, '.']);
  const chunks: Buffer[] = [];
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || complaints !== '') throw new Error(`tar ended with ${code}: ${complaints}`);
  return Buffer.concat(chunks);
}

/** The tree below a folder. A file whose name looks like a whiteout is a file with an odd name. */
export async function treeOfFolder(folder: string): Promise<Tree> {
  const files = new Map<string, TreeFile>();
  for (const { path, linkTo, file } of readArchive(await archiveOf(folder))) {
    files.set(path, (linkTo === undefined ? undefined : files.get(linkTo)) ?? file);
  }
  return files;
}
