import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { findManifestGarbage, freeManifests, type ManifestGarbage } from '../manifests/garbage';
import { freeUnreferenced, type FreedBlob } from '../storage/garbage';
import type { FreedAmounts } from './gc-progress';
import * as store from './gc.store';

/*
 * The garbage of a repository is found without locks, which takes long for a large one, and deleted in portions. Each
 * portion locks the repository, and looks again: what a push needs by then stays. Images go before their parents, so
 * that at any moment an image of the repository has all its ancestors. Then come manifests, then links of blobs; blobs
 * that nothing points to go with the last that did.
 */

/** What was garbage in a repository when it was looked at. */
export interface Garbage extends ManifestGarbage {
  /** images by the numbers of their links, children before their parents */
  readonly images: readonly number[];
}

/** What was deleted. */
export interface Collected {
  readonly freed: FreedAmounts;
  readonly blobs: readonly FreedBlob[];
}

/** Finds what no tag reaches, and is older than `olderThanMs`. Locks nothing. */
export async function findGarbage(
  ctx: Needs<'settings'>,
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
): Promise<Garbage> {
  const images = await store.listUnreachable(tx, repositoryId, olderThanMs);
  return { images, ...(await findManifestGarbage(ctx, tx, repositoryId, olderThanMs, images)) };
}

/** Divides garbage into portions of at most `size` images, manifests and links of blobs, in the order of their deletion. */
export function* portionsOf({ images, manifests, blobLinks }: Garbage, size: number): Generator<Garbage> {
  const total = images.length + manifests.length + blobLinks.length;
  for (let from = 0; from < total; from += size) {
    const part = <T>(list: readonly T[], before: number): T[] =>
      list.slice(Math.max(0, from - before), Math.max(0, from + size - before));
    yield {
      images: part(images, 0),
      manifests: part(manifests, images.length),
      blobLinks: part(blobLinks, images.length + manifests.length),
    };
  }
}

/** @returns the number of images, and the digests of layers that may be garbage now */
async function freeImages(
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  images: readonly number[],
): Promise<{ images: number; layers: readonly string[] }> {
  if (images.length === 0) return { images: 0, layers: [] };
  const links = await store.deleteUnreachable(tx, repositoryId, olderThanMs, images);
  const contentIds = links.flatMap((link) => (link.content_id === null ? [] : [link.content_id]));
  return { images: links.length, layers: await store.deleteUnlinkedContents(tx, contentIds) };
}

/**
 * Deletes what is still garbage. The caller has locked the repository.
 *
 * @throws a foreign key violation when something begins to point to some of it at this moment
 */
export async function freeGarbage(
  ctx: Needs<'blobReferrers' | 'settings'>,
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  garbage: Garbage,
): Promise<Collected> {
  const { images, layers } = await freeImages(tx, repositoryId, olderThanMs, garbage.images);
  const { manifests, digests } = await freeManifests(ctx, tx, repositoryId, olderThanMs, garbage);
  const blobs = await freeUnreferenced(ctx, tx, olderThanMs, [...layers, ...digests]);
  const bytes = blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0);
  return { freed: { images, manifests, blobs: blobs.length, bytes }, blobs };
}
