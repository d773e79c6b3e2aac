import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';
import { createPrivateDirectory, replaceFile, writePrivateFile } from '../../platform/files/private-files';
import { syncDirectory } from '../../platform/files/sync-directory';
import { MANIFEST, readManifest, type Manifest } from './manifest';

/*
 * The directory of a backup. The next backup into it copies only the layers that are missing, writes the rows into a folder
 * of their own, and replaces the manifest. So the last complete backup stays usable until the next one is complete.
 *
 *   manifest.json                     what belongs to the backup (`manifest.ts`)
 *   database-<time>-<8 hex>/<table>.copy.gz   the rows of a table
 *   database-<time>-<8 hex>/layers.tsv.gz     digest, size and storage key of each layer
 *   layers/<first 2 hex>/<64 hex>     the bytes of a layer, under its digest
 *   arriving/                         layers that are being copied
 */

const LAYERS = 'layers';
const ARRIVING = 'arriving';
const DATABASE = /^database-/;

/** What a file system may have in an empty directory. */
const SYSTEM = 'lost+found';

/** A new name for the folder of the rows. */
export function newDatabaseName(now: Date): string {
  const time = now
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .toLowerCase();
  return `database-${time}-${randomBytes(4).toString('hex')}`;
}

function hexOf(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

/** The file of a table's rows. */
export function tableFile(directory: string, database: string, table: string): string {
  return path.join(directory, database, `${table}.copy.gz`);
}

/** The file with the list of layers. */
export function layerListFile(directory: string, database: string): string {
  return path.join(directory, database, 'layers.tsv.gz');
}

/** The file of a layer. */
export function layerFile(directory: string, digest: string): string {
  const hex = hexOf(digest);
  return path.join(directory, LAYERS, hex.slice(0, 2), hex);
}

/** A new file for a layer that is being copied. */
export function arrivingFile(directory: string): string {
  return path.join(directory, ARRIVING, randomBytes(8).toString('hex'));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    if (hasCode(error, 'ENOTDIR')) throw new AppError('invalid', `${directory} is not a directory`, { cause: error });
    throw error;
  }
}

function isPartOfBackup(name: string): boolean {
  return name.startsWith(MANIFEST) || name === LAYERS || name === ARRIVING || name === SYSTEM || DATABASE.test(name);
}

/**
 * Prepares a directory for the next backup, and removes what interrupted ones left.
 *
 * @param database - the name of the new folder of rows
 * @throws AppError `conflict` when it holds something else
 */
export async function prepareTarget(directory: string, database: string): Promise<void> {
  const names = await namesIn(directory);
  const other = names.find((name) => !isPartOfBackup(name));
  if (other !== undefined) {
    const reason = `${directory} has other files, such as ${other}: choose an empty directory, or that of a backup`;
    throw new AppError('conflict', reason);
  }
  await createPrivateDirectory(directory);
  await rm(path.join(directory, ARRIVING), { recursive: true, force: true });
  const current = names.includes(MANIFEST) ? (await readManifest(directory)).database : undefined;
  await removeDatabases(directory, current);
  for (const name of [LAYERS, ARRIVING, database]) await createPrivateDirectory(path.join(directory, name));
  for (let prefix = 0; prefix < 256; prefix += 1) {
    await createPrivateDirectory(path.join(directory, LAYERS, prefix.toString(16).padStart(2, '0')));
  }
  await syncDirectory(path.join(directory, LAYERS));
}

async function removeDatabases(directory: string, kept: string | undefined): Promise<void> {
  for (const name of await namesIn(directory)) {
    if (DATABASE.test(name) && name !== kept) await rm(path.join(directory, name), { recursive: true });
  }
}

/** Completes a backup: from now on the directory holds this one. */
export async function putManifest(directory: string, manifest: Manifest): Promise<void> {
  await syncDirectory(path.join(directory, manifest.database));
  await syncDirectory(directory);
  const draft = path.join(directory, `${MANIFEST}.new`);
  await rm(draft, { force: true });
  await writePrivateFile(draft, toBytes(`${JSON.stringify(manifest, null, 2)}\n`));
  await replaceFile(draft, path.join(directory, MANIFEST));
}

async function* toBytes(text: string): AsyncIterable<Buffer> {
  yield await Promise.resolve(Buffer.from(text));
}

/**
 * Removes what the backup before had and this one has not.
 *
 * @param digests - those of this backup, in ascending order
 */
export async function prune(directory: string, manifest: Manifest, digests: AsyncIterable<string>): Promise<void> {
  await removeDatabases(directory, manifest.database);
  await rm(path.join(directory, ARRIVING), { recursive: true, force: true });
  const wanted = digests[Symbol.asyncIterator]();
  let next = await wanted.next();
  for (const prefix of (await namesIn(path.join(directory, LAYERS))).sort()) {
    const kept = new Set<string>();
    for (; next.done !== true && hexOf(next.value).startsWith(prefix); next = await wanted.next()) {
      kept.add(hexOf(next.value));
    }
    const folder = path.join(directory, LAYERS, prefix);
    for (const name of await namesIn(folder)) if (!kept.has(name)) await rm(path.join(folder, name));
  }
}
