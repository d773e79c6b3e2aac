import { recordEvent, type Doer } from '../audit/audit';
import { collectGarbage, GC_OLDER_THAN_HOURS, type Freed } from '../images/gc';
import { storedBytes, type BlobNeeds } from '../storage/blobs';
import { scrub } from '../storage/scrub';
import { displayName } from '../repositories/names';
import type { MaintenanceKind } from './runs.store';

/* What a run does: the same as the commands `gc` and `scrub` with their defaults. */

const HOUR_MS = 3_600_000;
const SHOWN = 100;
const SCRUB_BYTES_PER_SECOND = 50_000_000;

/** How a run is watched, and ended. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Readonly<Record<string, number>>) => void;
}

function sum(freed: readonly Freed[], field: 'images' | 'blobs' | 'bytes'): number {
  return freed.reduce((total, one) => total + one[field], 0);
}

async function gc(ctx: BlobNeeds, dryRun: boolean, doer: Doer, watch: Watch): Promise<object> {
  const freed = await collectGarbage(ctx, { olderThanMs: GC_OLDER_THAN_HOURS * HOUR_MS, dryRun, doer, ...watch });
  const largest = freed.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  const totals = { images: sum(freed, 'images'), layers: sum(freed, 'blobs'), bytes: sum(freed, 'bytes') };
  return { repositories: freed.length, ...totals, largest };
}

async function scrubAll(ctx: BlobNeeds, doer: Doer, { signal, onProgress }: Watch): Promise<object> {
  const totalBytes = await storedBytes(ctx);
  const found = await scrub(ctx, {
    olderThanMs: 0,
    bytesPerSecond: SCRUB_BYTES_PER_SECOND,
    signal,
    onProgress: (progress) => onProgress({ ...progress, totalBytes }),
  });
  // It resolves also when it ended early, and then it was no scrub of everything.
  signal.throwIfAborted();
  const { layers, bytes } = found;
  const counts = { layers, damaged: found.damaged.length, restored: found.restored.length };
  await recordEvent(ctx.db, doer, { action: 'scrub.run', subject: '', details: counts });
  const damagedLayers = found.damaged.slice(0, SHOWN).map(({ digest, damage, repositories }) => ({
    digest,
    damage,
    repositories: repositories.slice(0, SHOWN).map(displayName),
  }));
  return { ...counts, bytes, damagedLayers };
}

/** Does what a run of this kind does. @throws whatever the signal was aborted with, when that ended it early */
export async function work(ctx: BlobNeeds, kind: MaintenanceKind, doer: Doer, watch: Watch): Promise<object> {
  return kind === 'scrub' ? scrubAll(ctx, doer, watch) : gc(ctx, kind === 'gc_dry_run', doer, watch);
}
