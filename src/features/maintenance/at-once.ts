import type { Actor } from '../access/actor';
import { requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { collectGarbage, type GcNeeds } from '../images/gc';
import type { GcOptions } from '../images/gc-options';
import type { Freed } from '../images/gc-progress';
import { recordEvent } from '../audit/audit';
import type { BlobNeeds } from '../storage/blobs';
import { compareStorage, type Comparison, type ComparisonOptions } from '../storage/comparison';
import type { Scrubbed, ScrubOptions } from '../storage/scrub';
import { scrubOnRecord } from './work';

/* gc, scrub and the comparison of the storage for an administrator who waits until they are done, as the commands do. */

/**
 * Frees everything that no tag reaches.
 *
 * @returns the repositories that had anything to free
 * @throws AppError as `requireAdministratorLogin`; the reason that `signal` was aborted with
 */
export async function collectGarbageNow(
  ctx: GcNeeds,
  actor: Actor,
  options: Omit<GcOptions, 'doer'>,
): Promise<Freed[]> {
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  return collectGarbage(ctx, { ...options, doer });
}

/**
 * Reads stored layers back, and sets damaged ones aside.
 *
 * @throws AppError as `requireAdministratorLogin`
 */
export async function scrubNow(ctx: BlobNeeds, actor: Actor, options: ScrubOptions): Promise<Scrubbed> {
  return scrubOnRecord(ctx, doerOf(actor, await requireAdministratorLogin(ctx, actor)), options);
}

/**
 * Compares everything that is stored with everything that has a row; see `compareStorage`.
 *
 * @throws AppError `conflict`, and as `requireAdministratorLogin`
 */
export async function compareStorageNow(ctx: BlobNeeds, actor: Actor, options: ComparisonOptions): Promise<Comparison> {
  const doer = doerOf(actor, await requireAdministratorLogin(ctx, actor));
  const found = await compareStorage(ctx, options);
  const { objects, orphans, deleted, broken } = found;
  const details = { objects, orphans, deleted, broken, applied: options.isApplied };
  await recordEvent(ctx.db, doer, { action: 'scrub.orphans_run', subject: '', details });
  return found;
}
