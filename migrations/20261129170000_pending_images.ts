import type { Knex } from 'knex';

/**
 * Manifests whose images of v1 are not all there yet, in a table of their own: it is empty almost always, so that asking
 * for them costs nothing. All that were pushed before and that earlier versions could not show, and all indexes, of which
 * earlier versions showed one platform, are looked at again.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table pending_images (
      manifest_id bigint primary key references manifests on delete cascade
    );
    comment on table pending_images is 'manifests of tags, of which it is not known yet which images v1 clients get';
    insert into pending_images (manifest_id)
      select distinct m.id from tags t join manifests m on m.id = t.manifest_id
      where t.image_id is null or m.media_type in (
        'application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json');
    update manifests set v1_problem = null where v1_problem is not null and id in (select manifest_id from pending_images);
    drop index tags_underived;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create index tags_underived on tags (repository_id, name) where image_id is null;
    drop table pending_images;
  `);
}
