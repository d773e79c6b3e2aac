import type { Db } from '../../platform/db/db';
import type { ManifestDocument } from './manifest-document';
import * as store from './manifests.store';

/** A manifest with the blobs that it uses. */
export interface RecordedManifest {
  readonly digest: string;
  readonly bytes: Buffer;
  readonly document: ManifestDocument;
  /** the sha256 digests of its config and layers */
  readonly blobs: readonly string[];
  /** `synthesized`: Drydock created it from an image of v1 */
  readonly origin: 'pushed' | 'synthesized';
}

/**
 * Records a manifest of a repository and what it refers to, unless the repository has it.
 *
 * @returns its number, and whether the repository did not have it
 * @throws a foreign key violation when a blob has just been removed
 */
export async function recordManifest(
  tx: Db,
  repositoryId: number,
  manifest: RecordedManifest,
): Promise<{ id: number; isNew: boolean }> {
  const { digest, bytes, document, blobs, origin } = manifest;
  const { mediaType, config, subject, artifactType, annotations, children } = document;
  const put = await store.upsertManifest(tx, repositoryId, {
    digest,
    mediaType,
    bytes,
    configDigest: config?.digest,
    subject: subject?.digest,
    artifactType,
    annotations,
    origin,
  });
  const childDigests = children.map((child) => child.digest);
  await store.insertReferences(tx, put.id, blobs, childDigests);
  return put;
}
