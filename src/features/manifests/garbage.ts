import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import * as store from './garbage.store';
import type { Numbers } from './garbage.store';

export type { Numbers } from './garbage.store';

/** What is garbage among the manifests of a repository, unless something changes. */
export interface ManifestGarbage {
  /** manifests that no tag leads to, by their numbers */
  readonly manifests: readonly number[];
  /** the digests of blobs that the repository may use, and that none of its manifests does */
  readonly blobLinks: readonly string[];
}

/** The manifests of a repository that the garbage collection removed. */
export interface FreedManifests {
  readonly manifests: number;
  /** the digests of blobs that may be garbage now */
  readonly digests: readonly string[];
}

const DAY_MS = 24 * 3_600_000;

/**
 * A manifest comes last in a push, and until then the push looks like one that was given up. So blobs that were pushed
 * or mounted stay for a day, even when gc is run for younger ones (bridge 11).
 */
function linkAge(olderThanMs: number): number {
  return Math.max(olderThanMs, DAY_MS);
}

/** Repositories that may have manifests or links of blobs to free. */
export async function listManifestCandidates(
  { settings }: Needs<'settings'>,
  tx: Db,
  olderThanMs: number,
  numbers: Numbers,
): Promise<number[]> {
  const { keepUntaggedMs } = settings;
  return store.listCandidates(tx, { keepUntaggedMs, olderThanMs: linkAge(olderThanMs) }, numbers);
}

/**
 * Finds manifests that have had no tag for as long as the settings say, and links of blobs that were pushed or mounted
 * before `olderThanMs`, and at least a day ago, and that no manifest uses. Locks nothing.
 *
 * @param goneLinks - images of the repository that are garbage as well, by the numbers of their links
 */
export async function findManifestGarbage(
  { settings }: Needs<'settings'>,
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  goneLinks: readonly number[],
): Promise<ManifestGarbage> {
  const manifests = await store.listUnneeded(tx, repositoryId, settings.keepUntaggedMs, goneLinks);
  const blobLinks = await store.listUnusedLinks(tx, repositoryId, linkAge(olderThanMs), manifests);
  return { manifests, blobLinks };
}

/** Deletes what is still garbage of what `findManifestGarbage` found. The caller has locked the repository. */
export async function freeManifests(
  { settings }: Needs<'settings'>,
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
  garbage: ManifestGarbage,
): Promise<FreedManifests> {
  if (garbage.manifests.length === 0 && garbage.blobLinks.length === 0) return { manifests: 0, digests: [] };
  const { keepUntaggedMs } = settings;
  const { manifests, blobs } = await store.deleteUnneeded(tx, repositoryId, keepUntaggedMs, garbage.manifests);
  const links = await store.deleteUnusedLinks(tx, repositoryId, linkAge(olderThanMs), garbage.blobLinks);
  return { manifests, digests: [...new Set([...blobs, ...links])] };
}
