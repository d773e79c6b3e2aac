import type { Needs } from '../../context';
import { inLongTransaction } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import type { RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import { displayName } from '../repositories/names';
import { listManifestCandidates } from '../manifests/garbage';
import { lockForGc } from '../pushes/pushes';
import type { BlobNeeds } from '../storage/blobs';
import { deleteBytes } from '../storage/deletions';
import { keysOf } from '../storage/garbage';
import { findGarbage, freeGarbage, portionsOf, type Garbage } from './garbage';
import { retryAfterCollision } from './gc-collisions';
import { simulateGc } from './gc-dry-run';
import type { GcOptions, GcRepository } from './gc-options';
import { hasFreed, ProgressWatch, totalOf, type Freed, type FreedAmounts } from './gc-progress';
import * as store from './gc.store';

/*
 * Garbage is an image of a repository that none of its tags reaches, a content that no repository has, a manifest that
 * no tag leads to, a link of a blob that no manifest came to use (`manifests/garbage.ts`), a blob that nothing points to,
 * and its bytes (`storage/garbage.ts`). They are deleted in this order, a portion at a time (`garbage.ts`).
 *
 * Gc is safe during pushes: what a living push announced or uploaded stays, however long ago that was (`pushes.ts` says
 * how long a push lives). The opening of a push and a portion of gc of the same repository wait for each other, so gc
 * sees every push that it must spare. If a push and gc collide all the same, a foreign key lets only one of them
 * succeed, and gc yields. The minimum age spares images that ended pushes have left without a tag, and images that users
 * link or tag without a push.
 *
 * A push over v2 has no beginning that the server would see. Its manifest waits for a portion of gc, or gc for it,
 * and what it has uploaded or mounted stays for a day, whatever the minimum age is.
 */

/** How long ago an image must have been announced to be freed, unless the caller says otherwise. */
export const GC_OLDER_THAN_HOURS = 24;

/** What gc works with. */
export type GcNeeds = BlobNeeds & Needs<'settings'>;

const HOUR_MS = 3_600_000;

/** How many images, manifests and links of blobs are deleted while a repository is locked. */
const PORTION = 50;

/** @throws a foreign key violation when a push needs some of it */
async function freePortion(
  ctx: GcNeeds,
  repository: GcRepository,
  portion: Garbage,
  { olderThanMs, doer }: GcOptions,
): Promise<FreedAmounts> {
  const { freed, blobs } = await retryAfterCollision(() =>
    inLongTransaction(ctx.db, async (tx) => {
      await lockForGc(tx, repository.id);
      const collected = await freeGarbage(ctx, tx, repository.id, olderThanMs, portion);
      const { blobs: layers, ...amounts } = collected.freed;
      const event = { subject: displayName(repository), details: { ...amounts, layers } };
      if (hasFreed(collected.freed)) await recordEvent(tx, doer, { action: 'gc.freed', ...event });
      return collected;
    }),
  );
  await deleteBytes(ctx, keysOf(blobs));
  return freed;
}

async function collectRepository(ctx: GcNeeds, repository: GcRepository, options: GcOptions): Promise<Freed> {
  const garbage = await inLongTransaction(ctx.db, (tx) => findGarbage(ctx, tx, repository.id, options.olderThanMs));
  const freed: FreedAmounts[] = [];
  try {
    for (const portion of portionsOf(garbage, PORTION)) {
      freed.push(await freePortion(ctx, repository, portion, options));
    }
  } catch (error) {
    if (!isForeignKeyViolation(error)) throw error;
    ctx.log.warn(
      { repository: `${repository.namespace}/${repository.name}` },
      'gc stopped to let a push proceed: run it again later',
    );
  }
  const { namespace, name } = repository;
  return { namespace, name, ...totalOf(freed) };
}

/** As many repositories are looked at in one statement. It only reads, but must not take memory for all of them. */
const LOOKED_AT = 10_000;

/** Repositories that may have garbage. */
async function listCandidates(
  ctx: Needs<'db' | 'settings'>,
  { olderThanMs, signal }: GcOptions,
): Promise<GcRepository[]> {
  const last = await store.lastRepository(ctx.db);
  const found: GcRepository[] = [];
  for (let after = 0; after < last; after += LOOKED_AT) {
    signal?.throwIfAborted();
    const numbers = { after, through: after + LOOKED_AT };
    const candidates = await inLongTransaction(ctx.db, async (tx) => {
      const images = await store.listCandidates(tx, olderThanMs, numbers);
      const manifests = await listManifestCandidates(ctx, tx, olderThanMs, numbers);
      return store.listNames(tx, [...images, ...manifests]);
    });
    found.push(...candidates);
  }
  const fullName = ({ namespace, name }: RepositoryName): string => `${namespace}/${name}`;
  return found.toSorted((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
}

/**
 * Frees everything that no tag reaches, for an operator or an administrator.
 *
 * @returns the repositories that had anything to free
 * @throws the reason that `signal` was aborted with; what was freed by then stays freed
 */
export async function collectGarbage(ctx: GcNeeds, options: GcOptions): Promise<Freed[]> {
  const { olderThanMs } = options;
  const repositories = await listCandidates(ctx, options);
  options.signal?.throwIfAborted();
  if (options.dryRun) return simulateGc(ctx, repositories, options);
  const done: Freed[] = [];
  const watch = new ProgressWatch(options, repositories.length);
  for (const repository of repositories) {
    const freed = await collectRepository(ctx, repository, options);
    if (hasFreed(freed)) done.push(freed);
    watch.take(freed);
  }
  const details = { repositories: done.length, olderThanHours: olderThanMs / HOUR_MS };
  await recordEvent(ctx.db, options.doer, { action: 'gc.run', subject: '', details });
  return done;
}
