import type { Needs } from '../../context';
import { ping } from '../../platform/db/query';

/** The state of each part that the server needs. */
export interface Health {
  readonly database: 'ok' | 'failed';
  /** `full`: layers are refused, everything else goes on */
  readonly storage: 'ok' | 'full' | 'failed';
}

const CHECK_MS = 2000;

/** Waits for a check, up to a time limit. */
async function outcomeOf<Word extends string>(check: Promise<Word>): Promise<Word | 'failed'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'failed'>((resolve) => {
    timer = setTimeout(() => resolve('failed'), CHECK_MS);
  });
  try {
    return await Promise.race([check.catch(() => 'failed' as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function storageState({ blobs, storageRoom }: Needs<'blobs' | 'storageRoom'>): Promise<'ok' | 'full'> {
  await blobs.check();
  return (await storageRoom.isFull()) ? 'full' : 'ok';
}

/** Checks the database and the storage, each for two seconds at most. */
export async function getHealth(ctx: Needs<'db' | 'blobs' | 'storageRoom'>): Promise<Health> {
  const [database, storage] = await Promise.all([
    outcomeOf(ping(ctx.db).then(() => 'ok' as const)),
    outcomeOf(storageState(ctx)),
  ]);
  return { database, storage };
}

/** Whether the server can do its work. It can if the storage is full: pulls, tags and deletions go on. */
export function isHealthy({ database, storage }: Health): boolean {
  return database === 'ok' && storage !== 'failed';
}
