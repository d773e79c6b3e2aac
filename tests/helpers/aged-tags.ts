import type { TestServer } from './test-server';
import { createImage, pushImages } from './images';
import { readFullName } from '../../src/features/repositories/names';

/**
 * Gives a repository of a user tags of one of its images, which were pushed so many hours ago by the clock of the database. It
 * is created if there is none, and has no other tags.
 */
export async function setAgedTags(
  server: TestServer,
  fullName: string,
  hours: Readonly<Record<string, number>>,
): Promise<void> {
  const { db } = server.ctx;
  const name = readFullName(fullName);
  const findImage = (): Promise<{ id: number; image_id: string } | undefined> =>
    db('repository_images as i')
      .join('repositories as r', 'r.id', 'i.repository_id')
      .where({ 'r.namespace': name.namespace, 'r.name': name.name })
      .first('r.id', 'i.image_id');
  if ((await findImage()) === undefined) await pushImages(server, fullName, [createImage()]);
  const { id, image_id: imageId } = (await findImage())!;
  await db('tags').where({ repository_id: id }).delete();
  await db.raw(
    `insert into tags (repository_id, name, image_id, updated_at)
     select ?, name, ?, now() - age * interval '1 hour' from unnest(?::text[], ?::float8[]) as aged (name, age)`,
    [id, imageId, Object.keys(hours), Object.values(hours)],
  );
}

/** The names of the tags that a repository has, sorted. */
export async function tagsOf(server: TestServer, fullName: string): Promise<string[]> {
  const { namespace, name } = readFullName(fullName);
  const tags = server.ctx.db('tags as t').join('repositories as r', 'r.id', 't.repository_id');
  return tags.where({ 'r.namespace': namespace, 'r.name': name }).orderBy('t.name').pluck('t.name');
}
