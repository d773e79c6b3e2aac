import type { Db } from '../../platform/db/db';
import type { Descriptor, ManifestDocument } from './manifest-document';
import { isAttestation } from './manifest-kind';
import { tryToRead } from './manifest-summaries';
import * as store from './manifests.store';
import { isIndexType } from './media-types';

/*
 * Which image of an index a client gets that cannot choose by itself: it says its architecture, but never its variant.
 */

/** What clients get that do not say which architecture they want. */
export const USUAL_ARCHITECTURE = 'amd64';

/**
 * Variants by architecture, the preferred ones first; others come last. An engine on arm may be of any variant, and what
 * was built for an older one runs on a newer one, but not the other way round; none means the seventh, as for containerd.
 */
const PREFERRED: Readonly<Record<string, readonly (readonly string[])[]>> = {
  amd64: [['', 'v1']],
  arm: [['v5'], ['v6'], ['', 'v7']],
  arm64: [['', 'v8']],
};

function rankOf(architecture: string, variant: string): number {
  const name = /^\d/.test(variant) ? `v${variant}` : variant;
  const ranks = PREFERRED[architecture] ?? [];
  const rank = ranks.findIndex((variants) => variants.includes(name));
  return rank === -1 ? ranks.length : rank;
}

/** The image for linux on an architecture; undefined: there is none. @param listed - as `listImages` returns them */
export function imageFor(architecture: string, listed: readonly Descriptor[]): Descriptor | undefined {
  const fitting = listed.filter((each) => {
    const { platform } = each;
    return platform?.os === 'linux' && platform.architecture === architecture && !isAttestation(each);
  });
  const rank = ({ platform }: Descriptor): number => rankOf(architecture, platform?.variant ?? '');
  return [...fitting].sort((a, b) => rank(a) - rank(b))[0];
}

/** How many indexes within an index are read. */
const NESTED = 10;

/** The manifests that an index lists, and instead of an index among them those that it lists itself. */
export async function listImages(
  db: Db,
  repositoryId: number,
  { children }: Pick<ManifestDocument, 'children'>,
): Promise<readonly Descriptor[]> {
  const listed: Descriptor[] = [];
  let nested = 0;
  for (const child of children) {
    if (!isIndexType(child.mediaType ?? '')) listed.push(child);
    else if (nested < NESTED) {
      nested += 1;
      listed.push(...(await childrenOf(db, repositoryId, child.digest)));
    }
  }
  return listed;
}

async function childrenOf(db: Db, repositoryId: number, digest: string): Promise<readonly Descriptor[]> {
  const row = await store.findByDigest(db, repositoryId, digest);
  if (row === undefined) return [];
  const bytes = await store.findBytes(db, row.id);
  return (bytes && tryToRead(bytes, row.media_type)?.children) ?? [];
}
