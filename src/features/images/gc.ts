import type { Needs } from '../../context';
import { inLongTransaction, type Db } from '../../platform/db/db';
import { isForeignKeyViolation } from '../../platform/db/sqlstate';
import type { RepositoryName } from '../access/actor';
import { recordEvent, type Doer } from '../audit/audit';
import { displayName } from '../repositories/names';
import { lockForGc } from '../pushes/pushes';
import type { BlobNeeds } from '../storage/blobs';
import { deleteBytes, freeUnreferenced, type FreedBlob } from '../storage/garbage';
import * as store from './gc.store';

/*
 * What is garbage: an image of a repository that none of its tags reaches, a content that no repository has, a blob
 * that nothing points to, and its bytes (`storage/garbage.ts`). They go in this order.
 *
 * Beside running pushes: what a living push announced or uploaded stays, however long ago that was (`pushes.ts` says how
 * long a push lives). An opening and gc of one repository wait for each other, so gc sees every push that it must spare.
 * Where a push and gc meet all the same, a foreign key lets only one of them succeed, and gc yields. The distance spares
 * what ended pushes have left without a tag, and images that somebody links or tags without a push.
 */

/** What gc freed, or would free, in one repository. */
export interface Freed extends RepositoryName {
  /** images that no tag reached */
  readonly images: number;
  readonly blobs: number;
  /** of layers that nothing else has */
  readonly bytes: number;
}

interface Collected {
  readonly freed: Freed;
  readonly blobs: readonly FreedBlob[];
}

/** How long ago something must have been announced that may be freed, unless somebody says otherwise. */
export const GC_OLDER_THAN_HOURS = 24;

/** How gc is to be done. */
export interface GcOptions {
  /** leaves alone whatever was announced later than so long ago */
  readonly olderThanMs: number;
  /** only says what would be freed */
  readonly dryRun: boolean;
  /** who asked for it, for the audit log */
  readonly doer: Doer;
  /** ends it early, between two repositories */
  readonly signal?: AbortSignal;
  /** is told after each repository */
  readonly onProgress?: (progress: GcProgress) => void;
}

/** How far it is. A type, for numbers by name. */
export type GcProgress = Readonly<Record<'repositories' | 'done' | 'images' | 'layers' | 'bytes', number>>;

/** Says how far it is, and whether it shall go on. */
class Watch {
  private progress: GcProgress;

  constructor(
    private readonly options: GcOptions,
    repositories: number,
  ) {
    this.progress = { repositories, done: 0, images: 0, layers: 0, bytes: 0 };
  }

  /** @throws whatever the signal was aborted with */
  take(freed: Freed | undefined): void {
    const { images = 0, blobs = 0, bytes = 0 } = freed ?? {};
    const { repositories, ...now } = this.progress;
    this.progress = {
      repositories,
      done: now.done + 1,
      images: now.images + images,
      layers: now.layers + blobs,
      bytes: now.bytes + bytes,
    };
    this.options.onProgress?.(this.progress);
    this.options.signal?.throwIfAborted();
  }
}

const RETRIES = 3;
const HOUR_MS = 3_600_000;

async function collect(
  ctx: Needs<'blobReferrers'>,
  tx: Db,
  repository: RepositoryName & { id: number },
  olderThanMs: number,
): Promise<Collected> {
  const links = await store.deleteUnreachable(tx, repository.id, olderThanMs);
  const contentIds = links.flatMap((link) => (link.content_id === null ? [] : [link.content_id]));
  const digests = await store.deleteUnlinkedContents(tx, contentIds);
  const blobs = await freeUnreferenced(ctx, tx, olderThanMs, digests);
  const bytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0);
  const { namespace, name } = repository;
  return { freed: { namespace, name, images: links.length, blobs: blobs.length, bytes }, blobs };
}

async function collectRepository(
  ctx: BlobNeeds,
  repository: RepositoryName & { id: number },
  { olderThanMs, doer }: GcOptions,
): Promise<Freed | undefined> {
  for (let attempt = 1; attempt <= RETRIES; attempt += 1) {
    try {
      const { freed, blobs: freedBlobs } = await inLongTransaction(ctx.db, async (tx) => {
        await lockForGc(tx, repository.id);
        const collected = await collect(ctx, tx, repository, olderThanMs);
        const { images, blobs, bytes } = collected.freed;
        const event = { subject: displayName(repository), details: { images, layers: blobs, bytes } };
        if (images > 0) await recordEvent(tx, doer, { action: 'gc.freed', ...event });
        return collected;
      });
      await deleteBytes(ctx, freedBlobs);
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

/** Not an error for anybody: a dry run takes back what it did. */
class DryRunRollback extends Error {}

async function simulateCollection(
  ctx: Needs<'db' | 'blobReferrers'>,
  repositories: readonly (RepositoryName & { id: number })[],
  options: GcOptions,
): Promise<Freed[]> {
  for (let attempt = 1; ; attempt += 1) {
    let found: Freed[] = [];
    try {
      await inLongTransaction(ctx.db, async (tx) => {
        found = [];
        const watch = new Watch(options, repositories.length);
        for (const repository of repositories) {
          const { freed } = await collect(ctx, tx, repository, options.olderThanMs);
          found.push(freed);
          watch.take(freed);
        }
        throw new DryRunRollback();
      });
    } catch (error) {
      if (error instanceof DryRunRollback) return found;
      if (!isForeignKeyViolation(error) || attempt === RETRIES) throw error;
    }
  }
}

/**
 * Frees what no tag reaches, for an operator or an administrator.
 *
 * @returns the repositories that had anything to free
 * @throws whatever `signal` was aborted with; what was freed by then is gone
 */
export async function collectGarbage(ctx: BlobNeeds, options: GcOptions): Promise<Freed[]> {
  const { olderThanMs } = options;
  const repositories = await inLongTransaction(ctx.db, (tx) => store.listCandidates(tx, olderThanMs));
  options.signal?.throwIfAborted();
  if (options.dryRun) return (await simulateCollection(ctx, repositories, options)).filter((freed) => freed.images > 0);
  const done: Freed[] = [];
  const watch = new Watch(options, repositories.length);
  for (const repository of repositories) {
    const freed = await collectRepository(ctx, repository, options);
    if (freed !== undefined && freed.images > 0) done.push(freed);
    watch.take(freed);
  }
  const details = { repositories: done.length, olderThanHours: olderThanMs / HOUR_MS };
  await recordEvent(ctx.db, options.doer, { action: 'gc.run', subject: '', details });
  return done;
}
