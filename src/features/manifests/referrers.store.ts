import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface ReferrerRow {
  digest: string;
  media_type: string;
  size_bytes: number;
  artifact_type: string | null;
  annotations: Record<string, string> | null;
}

/** @param after - only those whose digest comes later in byte order */
export async function listReferrers(
  db: Db,
  repositoryId: number,
  subject: string,
  page: { artifactType: string | undefined; after: string; limit: number },
): Promise<ReferrerRow[]> {
  return query<ReferrerRow>(
    db,
    `select digest, media_type, size_bytes, artifact_type, annotations from manifests
     where repository_id = $1 and subject = $2 and digest > $3 and ($4::text is null or artifact_type = $4)
     order by digest limit $5`,
    [repositoryId, subject, page.after, page.artifactType ?? null, page.limit],
  );
}
