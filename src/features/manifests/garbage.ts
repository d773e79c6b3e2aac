import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import * as store from './garbage.store';
import type { Numbers } from './garbage.store';

export type { Numbers } from './garbage.store';

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
 * Deletes manifests that have had no tag for as long as the settings say, and links of blobs that were pushed or mounted
 * before `olderThanMs`, and at least a day ago, and that no manifest uses. The caller has locked the repository.
 */
export async function freeManifests(
  { settings }: Needs<'settings'>,
  tx: Db,
  repositoryId: number,
  olderThanMs: number,
): Promise<FreedManifests> {
  const { manifests, blobs } = await store.deleteUnneeded(tx, repositoryId, settings.keepUntaggedMs);
  const links = await store.deleteUnusedLinks(tx, repositoryId, linkAge(olderThanMs));
  return { manifests, digests: [...new Set([...blobs, ...links])] };
}
