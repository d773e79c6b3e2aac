import type { Needs } from '../../context';
import { inLongTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import type { RepositoryName } from '../access/actor';
import { recordEvent, type Doer } from '../audit/audit';
import { displayName } from '../repositories/names';
import { freeManifests, listManifestCandidates } from '../manifests/garbage';
import { lockForGc } from '../pushes/pushes';
import type { BlobNeeds } from '../storage/blobs';
import { deleteBytes } from '../storage/deletions';
import { freeUnreferenced, keysOf, type FreedBlob } from '../storage/garbage';
import { hasFreed, ProgressWatch, type Freed, type GcWatch } from './gc-progress';
import * as store from './gc.store';

/*
 * Garbage is an image of a repository that none of its tags reaches, a content that no repository has, a manifest that
 * no tag leads to, a link of a blob that no manifest came to use (`manifests/garbage.ts`), a blob that nothing points to,
 * and its bytes (`storage/garbage.ts`). They are deleted in this order.
 *
 * Gc is safe during pushes: what a living push announced or uploaded stays, however long ago that was (`pushes.ts` says
 * how long a push lives). The opening of a push and gc of the same repository wait for each other, so gc sees every
 * push that it must spare. If a push and gc collide all the same, a foreign key lets only one of them succeed, and gc
 * yields. The minimum age spares images that ended pushes have left without a tag, and images that users link or tag
 * without a push.
 *
 * A push over v2 has no beginning that the server would see. Its manifest waits for gc of the repository, or gc for it,
 * and what it has uploaded or mounted stays for a day, whatever the minimum age is.
 */

interface Collected {
  readonly freed: Freed;
  readonly blobs: readonly FreedBlob[];
}

/** How long ago an image must have been announced to be freed, unless the caller says otherwise. */
export const GC_OLDER_THAN_HOURS = 24;

/** The options of a gc. */
export interface GcOptions extends GcWatch {
  /** spares images that were announced, and blobs that were stored, within this time */
  readonly olderThanMs: number;
  /** only reports what would be freed, and less if repositories with very different names share some of it */
  readonly dryRun: boolean;
  /** who started it, for the audit log */
  readonly doer: Doer;
}

/** What gc works with. */
export type GcNeeds = BlobNeeds & Needs<'settings'>;

const RETRIES = 3;
const HOUR_MS = 3_600_000;

async function collect(
  ctx: Needs<'blobReferrers' | 'settings'>,
  tx: Db,
  repository: RepositoryName & { id: number },
  olderThanMs: number,
): Promise<Collected> {
  const links = await store.deleteUnreachable(tx, repository.id, olderThanMs);
  const contentIds = links.flatMap((link) => (link.content_id === null ? [] : [link.content_id]));
  const layers = await store.deleteUnlinkedContents(tx, contentIds);
  const { manifests, digests } = await freeManifests(ctx, tx, repository.id, olderThanMs);
  const blobs = await freeUnreferenced(ctx, tx, olderThanMs, [...layers, ...digests]);
  const bytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0);
  const { namespace, name } = repository;
  return { freed: { namespace, name, images: links.length, manifests, blobs: blobs.length, bytes }, blobs };
}

async function collectRepository(
  ctx: GcNeeds,
  repository: RepositoryName & { id: number },
  { olderThanMs, doer }: GcOptions,
): Promise<Freed | undefined> {
  for (let attempt = 1; attempt <= RETRIES; attempt += 1) {
    try {
      const { freed, blobs: freedBlobs } = await inLongTransaction(ctx.db, async (tx) => {
        await lockForGc(tx, repository.id);
        const collected = await collect(ctx, tx, repository, olderThanMs);
        const { images, manifests, blobs, bytes } = collected.freed;
        const event = { subject: displayName(repository), details: { images, manifests, layers: blobs, bytes } };
        if (hasFreed(collected.freed)) await recordEvent(tx, doer, { action: 'gc.freed', ...event });
        return collected;
      });
      await deleteBytes(ctx, keysOf(freedBlobs));
      return freed;
    } catch (error) {
      if (!isForeignKeyViolation(error)) throw error;
    }
  }
  ctx.log.warn(
    { repository: `${repository.namespace}/${repository.name}` },
    'gc stopped to let a push proceed: run it again later',
  );
  return undefined;
}

/** Not an error: thrown to roll back a dry run. */
class DryRunRollback extends Error {}

/**
 * A dry run deletes, counts, and rolls back. Until then pushes of the same images wait, so it takes a few repositories at a
 * time. It does not count what only repositories of different groups share; copies mostly have names that follow each other.
 */
const SIMULATED_AT_ONCE = 8;

async function simulateSome(
  ctx: Needs<'db' | 'blobReferrers' | 'settings'>,
  repositories: readonly (RepositoryName & { id: number })[],
  olderThanMs: number,
): Promise<Freed[]> {
  for (let attempt = 1; ; attempt += 1) {
    const found: Freed[] = [];
    try {
      await inLongTransaction(ctx.db, async (tx) => {
        found.length = 0;
        for (const repository of repositories) found.push((await collect(ctx, tx, repository, olderThanMs)).freed);
        throw new DryRunRollback();
      });
    } catch (error) {
      if (error instanceof DryRunRollback) return found;
      if (!isForeignKeyViolation(error) || attempt === RETRIES) throw error;
    }
  }
}

async function simulateCollection(
  ctx: Needs<'db' | 'blobReferrers' | 'settings'>,
  repositories: readonly (RepositoryName & { id: number })[],
  options: GcOptions,
): Promise<Freed[]> {
  const done: Freed[] = [];
  const watch = new ProgressWatch(options, repositories.length);
  for (let at = 0; at < repositories.length; at += SIMULATED_AT_ONCE) {
    const group = repositories.slice(at, at + SIMULATED_AT_ONCE);
    for (const freed of await simulateSome(ctx, group, options.olderThanMs)) {
      if (hasFreed(freed)) done.push(freed);
      watch.take(freed);
    }
  }
  return done;
}

/** As many repositories are looked at in one statement. It only reads, but must not take memory for all of them. */
const LOOKED_AT = 10_000;

/** Repositories that may have garbage. */
async function listCandidates(
  ctx: Needs<'db' | 'settings'>,
  { olderThanMs, signal }: GcOptions,
): Promise<(RepositoryName & { id: number })[]> {
  const last = await store.lastRepository(ctx.db);
  const found: (RepositoryName & { id: number })[] = [];
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
  if (options.dryRun) return simulateCollection(ctx, repositories, options);
  const done: Freed[] = [];
  const watch = new ProgressWatch(options, repositories.length);
  for (const repository of repositories) {
    const freed = await collectRepository(ctx, repository, options);
    if (freed !== undefined && hasFreed(freed)) done.push(freed);
    watch.take(freed);
  }
  const details = { repositories: done.length, olderThanHours: olderThanMs / HOUR_MS };
  await recordEvent(ctx.db, options.doer, { action: 'gc.run', subject: '', details });
  return done;
}
