import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { hasCode } from '../../platform/error-code';
import { AppError } from '../../platform/errors';

/*
 * The manifest of a backup says what belongs to it, with the sum of each file. It is written last: without it the other
 * files are what an interrupted backup left.
 */

const FORMAT = 1;

/** The name of the manifest in the directory of a backup. */
export const MANIFEST = 'manifest.json';

const name = z.string().regex(/^[a-z0-9_]+$/);
const sum = { bytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) };

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** the version of Drydock that wrote it */
  drydock: z.string(),
  createdAt: z.iso.datetime(),
  /** the version of its Postgres */
  postgres: z.string(),
  /** the folder with the rows; each backup has another */
  database: z.string().regex(/^database-[0-9a-z-]+$/),
  migrations: z.array(z.string()),
  tables: z.array(z.object({ name, columns: z.array(z.string()), rows: z.number(), ...sum })),
  sequences: z.array(z.object({ table: name, column: z.string(), value: z.number(), isCalled: z.boolean() })),
  /** tables without their rows, because these are worth nothing to another server */
  leftOut: z.array(z.string()),
  /** the list of layers */
  layers: z.object({ count: z.number(), totalBytes: z.number(), ...sum }),
  /** layers of the list that could not be copied */
  damaged: z.array(z.object({ digest: z.string(), damage: z.string() })),
});

/** The content of a manifest. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A table in a backup. */
export type BackedUpTable = Manifest['tables'][number];

function cannotRead(directory: string, what: string, cause: unknown): AppError {
  return new AppError('invalid', `${directory} ${what}`, { cause });
}

async function readText(directory: string): Promise<string> {
  try {
    return await readFile(path.join(directory, MANIFEST), 'utf8');
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw error;
    const what = `does not hold a complete backup: there is no ${MANIFEST}, which is written last. Run drydock backup again`;
    throw cannotRead(directory, what, error);
  }
}

/** @throws AppError `invalid` when the directory does not hold a backup that this version can read */
export async function readManifest(directory: string): Promise<Manifest> {
  const text = await readText(directory);
  try {
    const json = JSON.parse(text) as { format?: unknown };
    if (typeof json.format === 'number' && json.format > FORMAT) {
      throw new AppError(
        'invalid',
        `The backup in ${directory} is of a newer Drydock: use that version or a later one`,
      );
    }
    return manifestSchema.parse(json);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw cannotRead(directory, `has a damaged ${MANIFEST}: use another backup`, error);
  }
}

/** A new manifest. */
export function newManifest(facts: Omit<Manifest, 'format' | 'createdAt'>, createdAt: Date): Manifest {
  return { format: FORMAT, createdAt: createdAt.toISOString(), ...facts };
}
