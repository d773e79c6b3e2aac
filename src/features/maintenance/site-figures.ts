import type { Needs } from '../../context';
import { countQueued, type QueueFigures } from '../../platform/jobs/queued-jobs';
import { listEvents } from '../audit/audit';
import { getHealth, inTime, type Health } from './health';
import { findStorageTotals } from './storage-report';

/** Figures of the whole site, for operators. What is not known in two seconds is undefined. */
export interface SiteFigures {
  readonly health: Health;
  /** up to an hour old; undefined also before the first count */
  readonly storage:
    { readonly repositories: number; readonly bytes: number; readonly damagedLayers: number } | undefined;
  /** on the disk of the layers */
  readonly freeBytes: number | undefined;
  readonly jobs: QueueFigures | undefined;
  /** when the last backup by `drydock backup` ended; undefined also if there is none in the audit log */
  readonly lastBackupAt: Date | undefined;
}

/** Reads the figures; an outage of the database or the storage leaves some of them out. */
export async function getSiteFigures(ctx: Needs<'db' | 'blobs' | 'storageRoom'>): Promise<SiteFigures> {
  const [health, storage, freeBytes, jobs, backups] = await Promise.all([
    getHealth(ctx),
    inTime(findStorageTotals(ctx)),
    inTime(ctx.blobs.freeBytes()),
    inTime(countQueued(ctx.db)),
    inTime(listEvents(ctx, { action: 'backup.run', limit: 1 })),
  ]);
  return { health, storage, freeBytes, jobs, lastBackupAt: backups?.[0]?.at };
}
