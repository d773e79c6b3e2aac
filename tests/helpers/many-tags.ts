import type { Db } from '../../src/platform/db/db';

/**
 * Gives a repository many tags, for which a statement of a request would have no time.
 *
 * @param tags.nameSql - SQL of a tag's name, from its number `n`
 */
export async function addManyTags(
  db: Db,
  repository: string,
  tags: { readonly count: number; readonly nameSql: string; readonly imageId: string },
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.raw('set local statement_timeout = 0');
    await tx.raw(
      `insert into tags (repository_id, name, image_id)
       select r.id, ${tags.nameSql}, ? from repositories r, generate_series(1, ?::int) n where r.name = ?`,
      [tags.imageId, tags.count, repository],
    );
  });
}
