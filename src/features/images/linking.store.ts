import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Account } from '../access/actor';
import { chainSql } from '../repositories/chain-sql';
import { callerJoins, COVERED, READABLE } from '../access/policy-sql';
import { SHARED_NAMESPACE } from '../repositories/names';

export interface SourceRow {
  link_id: number;
  repository_id: number;
  depth: number;
}

const MAX_SOURCES = 8;

/**
 * The complete images with this id that may be linked: those of the same namespace first, then those of the shared one.
 *
 * @param target.isCoveredOnly - leaves out repositories that the caller's access token is not for
 */
export async function findSources(
  db: Db,
  imageId: string,
  target: { repositoryId: number; namespace: string; isCoveredOnly: boolean },
  account: Pick<Account, 'userId' | 'accessToken'>,
): Promise<SourceRow[]> {
  return query<SourceRow>(
    db,
    `select i.id as link_id, i.repository_id, i.depth
     from repository_images i
     join repositories r on r.id = i.repository_id
     join namespaces n on n.name = r.namespace
     ${callerJoins('$4', '$5')}
     where i.image_id = $1 and i.content_id is not null and r.id <> $2 and r.state <> 'deleting'
       and r.namespace in ($3, '${SHARED_NAMESPACE}') and ${READABLE} and (not $6::boolean or ${COVERED})
     order by (r.namespace = $3) desc, i.id limit ${MAX_SOURCES}`,
    [
      imageId,
      target.repositoryId,
      target.namespace,
      account.userId,
      account.accessToken?.id ?? null,
      target.isCoveredOnly,
    ],
  );
}

/** The image of a repository, as a source; undefined when it is not complete there. */
export async function findSourceIn(db: Db, imageId: string, repositoryId: number): Promise<SourceRow | undefined> {
  const rows = await query<SourceRow>(
    db,
    `select id as link_id, repository_id, depth from repository_images
     where repository_id = $2 and image_id = $1 and content_id is not null`,
    [imageId, repositoryId],
  );
  return rows[0];
}

/** Whether an image list of the repository has the id. */
export async function isListed(db: Db, imageId: string, repositoryId: number): Promise<boolean> {
  const text = 'select 1 from repository_images where repository_id = $2 and image_id = $1';
  return (await query(db, text, [imageId, repositoryId])).length > 0;
}

const CHAIN = chainSql('i.id = $1', '$2');

/**
 * Links the source's whole chain into the target, except for ids that are complete there. Sorted, so that locks have
 * one order.
 */
export async function linkChain(db: Db, source: SourceRow, targetId: number): Promise<void> {
  await query(
    db,
    `${CHAIN}
     insert into repository_images (repository_id, image_id, content_id, depth)
     select $3, image_id, content_id, depth from chain order by image_id
     on conflict (repository_id, image_id) do update
       set content_id = excluded.content_id, depth = excluded.depth where repository_images.content_id is null`,
    [source.link_id, source.repository_id, targetId],
  );
}

/** The number of images of the source's chain that have the same content in the target. */
export async function countShared(db: Db, source: SourceRow, targetId: number): Promise<number> {
  const rows = await query<{ shared: number }>(
    db,
    `${CHAIN}
     select count(*) as shared from chain
       join repository_images t on t.repository_id = $3 and t.image_id = chain.image_id
         and t.content_id = chain.content_id and t.depth = chain.depth`,
    [source.link_id, source.repository_id, targetId],
  );
  return rows[0]?.shared ?? 0;
}
