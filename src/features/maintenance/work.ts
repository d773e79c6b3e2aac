import { recordEvent, type Doer } from '../audit/audit';
import { collectGarbage, GC_OLDER_THAN_HOURS, type GcNeeds } from '../images/gc';
import { totalOf } from '../images/gc-progress';
import type { BlobNeeds } from '../storage/blobs';
import { scrub, type Scrubbed, type ScrubOptions } from '../storage/scrub';
import { displayName } from '../repositories/names';
import type { MaintenanceKind } from './runs.store';

/* The work of a run: the same as the commands `gc` and `scrub` with their defaults. */

const HOUR_MS = 3_600_000;
const SHOWN = 100;
const SCRUB_BYTES_PER_SECOND = 50_000_000;

/** How to watch a run, and how to end it. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Readonly<Record<string, number>>) => void;
}

async function gc(ctx: GcNeeds, dryRun: boolean, doer: Doer, watch: Watch): Promise<object> {
  const freed = await collectGarbage(ctx, { olderThanMs: GC_OLDER_THAN_HOURS * HOUR_MS, dryRun, doer, ...watch });
  const largest = freed.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  const { blobs: layers, ...totals } = totalOf(freed);
  return { repositories: freed.length, ...totals, layers, largest };
}

function countsOf({ layers, damaged, restored }: Scrubbed): Record<'layers' | 'damaged' | 'restored', number> {
  return { layers, damaged: damaged.length, restored: restored.length };
}

/**
 * Scrubs, and records it in the audit log once everything was read.
 *
 * @throws the reason that the signal was aborted with, if that ended the scrub early
 */
export async function scrubOnRecord(ctx: BlobNeeds, doer: Doer, options: ScrubOptions): Promise<Scrubbed> {
  const found = await scrub(ctx, options);
  // `scrub` also resolves if it ended early, and then not everything was scrubbed.
  options.signal?.throwIfAborted();
  await recordEvent(ctx.db, doer, { action: 'scrub.run', subject: '', details: countsOf(found) });
  return found;
}

async function scrubAll(ctx: BlobNeeds, doer: Doer, { signal, onProgress }: Watch): Promise<object> {
  const found = await scrubOnRecord(ctx, doer, {
    olderThanMs: 0,
    bytesPerSecond: SCRUB_BYTES_PER_SECOND,
    signal,
    onProgress: ({ layers, bytes, damaged, totalBytes }) => onProgress({ layers, bytes, damaged, totalBytes }),
  });
  const damagedLayers = found.damaged.slice(0, SHOWN).map(({ digest, damage, repositories }) => ({
    digest,
    damage,
    repositories: repositories.slice(0, SHOWN).map(displayName),
  }));
  return { ...countsOf(found), bytes: found.bytes, damagedLayers };
}

/** Does the work of a run of this kind. @throws the reason that the signal was aborted with, if that ended it early */
export async function work(ctx: GcNeeds, kind: MaintenanceKind, doer: Doer, watch: Watch): Promise<object> {
  return kind === 'scrub' ? scrubAll(ctx, doer, watch) : gc(ctx, kind === 'gc_dry_run', doer, watch);
}
