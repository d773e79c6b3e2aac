import type { Needs } from '../../context';
import { ping } from '../../platform/db/query';
import { AppError } from '../../platform/errors';

/** The state of each part that the server needs. */
export interface Health {
  readonly database: 'ok' | 'failed';
  /** `full`: layers are refused, everything else goes on */
  readonly storage: 'ok' | 'full' | 'failed';
  /** why the storage failed, if it says so: a sentence for the operator */
  readonly problem?: string;
}

const CHECK_MS = 2000;

/** Waits for a check, for two seconds at most; undefined if it fails or takes longer. */
export async function inTime<T>(check: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), CHECK_MS);
  });
  try {
    return await Promise.race([check.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}

type StorageHealth = Pick<Health, 'storage' | 'problem'>;

async function storageHealth({ blobs, storageRoom }: Needs<'blobs' | 'storageRoom'>): Promise<StorageHealth> {
  try {
    await blobs.check();
  } catch (error) {
    return { storage: 'failed', ...(error instanceof AppError && { problem: error.message }) };
  }
  return { storage: (await storageRoom.isFull()) ? 'full' : 'ok' };
}

/** Checks the database and the storage, each for two seconds at most. */
export async function getHealth(ctx: Needs<'db' | 'blobs' | 'storageRoom'>): Promise<Health> {
  const [database, storage] = await Promise.all([
    inTime(ping(ctx.db).then(() => 'ok' as const)),
    inTime(storageHealth(ctx)),
  ]);
  return { database: database ?? 'failed', ...(storage ?? { storage: 'failed' }) };
}

/** Whether the server can do its work. It can if the storage is full: pulls, tags and deletions go on. */
export function isHealthy({ database, storage }: Health): boolean {
  return database === 'ok' && storage !== 'failed';
}
