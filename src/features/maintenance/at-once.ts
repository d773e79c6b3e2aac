import type { Actor } from '../access/actor';
import { requireAdministratorLogin } from '../access/current-account';
import { doerOf } from '../access/doer';
import { collectGarbage, type GcNeeds, type GcOptions } from '../images/gc';
import type { Freed } from '../images/gc-progress';
import type { BlobNeeds } from '../storage/blobs';
import type { Scrubbed, ScrubOptions } from '../storage/scrub';
import { scrubOnRecord } from './work';

/* gc and scrub for an administrator who waits until they are done, as the commands do. */

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
