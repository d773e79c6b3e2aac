import type { Db } from '../../platform/db/db';
import { agoSql, query, queryPrepared } from '../../platform/db/query';

/** The account that may continue an upload, and its repository. */
export interface UploadOwner {
  readonly repositoryId: number;
  /** null: an account that is gone, or a guest */
  readonly userId: number | null;
}

/** Does not wait for the disk: a client whose upload a power failure took starts again. */
const INSERT_UPLOAD = {
  name: 'manifests.insert_upload',
  text: `insert into blob_uploads (id, repository_id, user_id)
    select $1, $2, $3::bigint
    where (select count(*) from (select from blob_uploads where user_id = $3::bigint limit $4) open) < $4
      and set_config('synchronous_commit', 'off', true) is not null
    returning id`,
};

/** @returns false when the account has as many uploads as it may have */
export async function insertUpload(db: Db, id: string, owner: UploadOwner, limit: number): Promise<boolean> {
  const rows = await queryPrepared(db, INSERT_UPLOAD, [id, owner.repositoryId, owner.userId, limit]);
  return rows.length > 0;
}

const HAS_UPLOAD = {
  name: 'manifests.has_upload',
  text: `select 1 from blob_uploads
    where id = $1 and repository_id = $2 and user_id is not distinct from $3::bigint`,
};

export async function hasUpload(db: Db, id: string, owner: UploadOwner): Promise<boolean> {
  return (await queryPrepared(db, HAS_UPLOAD, [id, owner.repositoryId, owner.userId])).length > 0;
}

export async function deleteUpload(db: Db, id: string): Promise<void> {
  await queryPrepared(db, { name: 'manifests.delete_upload', text: 'delete from blob_uploads where id = $1' }, [id]);
}

/** Uploads that began before this time. */
export async function listUploads(db: Db, olderThanMs: number): Promise<string[]> {
  const text = `select id from blob_uploads where created_at < ${agoSql('$1')} order by id`;
  return (await query<{ id: string }>(db, text, [olderThanMs])).map(({ id }) => id);
}
