import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';
import { sumOfFile, type ByteSum } from '../../platform/files/private-files';
import { layerFile, layerListFile, tableFile } from './folder';
import { readLayerList } from './layer-list';
import { readManifest, type Manifest } from './manifest';
import { ProgressCounter, type OnProgress } from './progress';
import { countEnds, openRows } from './row-files';
import { severalAtOnce } from '../../platform/limits/several-at-once';

const AT_ONCE = 2;

/** What a check of a backup found. */
export interface VerifiedBackup {
  readonly manifest: Manifest;
  /** what is wrong, as sentences without a full stop */
  readonly problems: readonly string[];
}

async function problemOf(file: string, expected: ByteSum): Promise<string | undefined> {
  try {
    const { bytes, sha256 } = await sumOfFile(file);
    if (bytes === expected.bytes && sha256 === expected.sha256) return undefined;
    return `${file} is not the file that was written`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return `${file} is missing`;
    if (hasCode(error, 'EIO')) return `${file} cannot be read`;
    throw error;
  }
}

/** @throws AppError `invalid` when the file is missing, or is not the one that was written */
export async function assertSum(file: string, expected: ByteSum): Promise<void> {
  const problem = await problemOf(file, expected);
  if (problem !== undefined) throw new AppError('invalid', `The backup is damaged: ${problem}. Use another backup`);
}

async function countRows(file: string): Promise<number> {
  let rows = 0;
  for await (const chunk of openRows(file)) rows += countEnds(chunk as Buffer);
  return rows;
}

async function tableProblem(file: string, table: Manifest['tables'][number]): Promise<string | undefined> {
  const problem = await problemOf(file, table);
  if (problem !== undefined) return problem;
  const rows = await countRows(file);
  return rows === table.rows ? undefined : `${file} has ${rows} rows instead of ${table.rows}`;
}

async function verifyLayers(directory: string, manifest: Manifest, onProgress?: OnProgress): Promise<string[]> {
  const { count, totalBytes } = manifest.layers;
  const progress = new ProgressCounter('verifying', count, totalBytes, onProgress);
  const absent = new Set(manifest.damaged.map(({ digest }) => digest));
  const problems: string[] = [];
  await severalAtOnce(readLayerList(layerListFile(directory, manifest.database)), AT_ONCE, async (layer) => {
    const expected = { bytes: layer.sizeBytes, sha256: layer.digest.slice('sha256:'.length) };
    const problem = absent.has(layer.digest)
      ? undefined
      : await problemOf(layerFile(directory, layer.digest), expected);
    if (problem !== undefined) problems.push(problem);
    progress.add(layer.sizeBytes);
  });
  return problems;
}

/**
 * Reads all files of a backup, and compares them with its manifest. It needs no database.
 *
 * @throws AppError `invalid` when the directory does not hold a complete backup
 */
export async function verifyBackup(directory: string, onProgress?: OnProgress): Promise<VerifiedBackup> {
  const manifest = await readManifest(directory);
  const problems: string[] = [];
  for (const table of manifest.tables) {
    const problem = await tableProblem(tableFile(directory, manifest.database, table.name), table);
    if (problem !== undefined) problems.push(problem);
  }
  const listProblem = await problemOf(layerListFile(directory, manifest.database), manifest.layers);
  if (listProblem === undefined) problems.push(...(await verifyLayers(directory, manifest, onProgress)));
  else problems.push(listProblem);
  return { manifest, problems };
}
