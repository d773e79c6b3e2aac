import type { Needs } from '../../context';
import type { ReadableRepository } from '../repositories/access';
import { digestInvalid } from './content-error';
import { isDigest } from './digest';
import * as store from './referrers.store';

/** A manifest that refers to another one as its subject, as the index of the referrers API lists it. */
export interface Referrer {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** How many descriptors one answer has. */
const PAGE = 500;

/**
 * The manifests of a repository whose subject has this digest, by digest (OCI distribution 1.1, listing referrers).
 *
 * @param wanted.artifactType - undefined: any
 * @param wanted.after - the last digest of the page before; undefined: the first page
 * @returns none for a digest that nothing refers to; `next`: the digest that the next page begins after
 * @throws ContentError `digest_invalid`
 */
export async function listReferrers(
  ctx: Needs<'db'>,
  { id }: ReadableRepository,
  subject: string,
  { artifactType, after = '' }: { readonly artifactType?: string | undefined; readonly after?: string | undefined },
): Promise<{ referrers: Referrer[]; next: string | undefined }> {
  if (!isDigest(subject)) throw digestInvalid(subject);
  const rows = await store.listReferrers(ctx.db, id, subject, { artifactType, after, limit: PAGE + 1 });
  const page = rows.slice(0, PAGE);
  const referrers = page.map((row) => ({
    mediaType: row.media_type,
    digest: row.digest,
    size: row.size_bytes,
    ...(row.artifact_type === null ? {} : { artifactType: row.artifact_type }),
    ...(row.annotations === null ? {} : { annotations: row.annotations }),
  }));
  return { referrers, next: rows.length > PAGE ? page.at(-1)?.digest : undefined };
}
