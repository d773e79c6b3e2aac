import type { Knex } from 'knex';

/**
 * What clients of each protocol need that cannot read a format or run a platform: how a layer is compressed, images of v1
 * for other architectures, and manifests in docker's format for engines that do not read OCI's.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs add column compression text
      check (compression in ('none', 'gzip', 'xz', 'bzip2', 'zstd'));
    comment on column blobs.compression is 'of a layer: by its first bytes; null: not read yet';
    update blobs set compression = case when is_gzip then 'gzip' when size_bytes = 0 then 'none' else 'xz' end
      where diff_id is not null and (is_gzip or twin_digest is not null);
    -- bzip2 was refused, and zstd was taken for a tar: these are read again.
    update blobs set diff_id = null, layer_problem = null
      where compression is null and (diff_id is not null or layer_problem is not null);
    alter table blobs drop column is_gzip;

    create table platform_images (
      manifest_id bigint not null references manifests on delete cascade,
      architecture text not null,
      link_id bigint not null references repository_images on delete cascade,
      primary key (manifest_id, architecture)
    );
    comment on table platform_images is 'the image of v1 that engines of an architecture get for an index';
    comment on column platform_images.architecture is 'as engines say it: arm, arm64, 386; linux on amd64 is in tags.image_id';
    create index platform_images_link on platform_images (link_id);

    create table manifest_twins (
      manifest_id bigint primary key references manifests on delete cascade,
      twin_id bigint references manifests on delete cascade,
      problem text,
      check ((twin_id is null) = (problem is not null))
    );
    comment on table manifest_twins is 'the same image in docker''s format and gzip, for engines that read nothing else';
    comment on column manifest_twins.problem is 'why there is none';
    create index manifest_twins_twin on manifest_twins (twin_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table manifest_twins;
    drop table platform_images;
    alter table blobs add column is_gzip boolean;
    update blobs set is_gzip = compression = 'gzip';
    alter table blobs drop column compression;
  `);
}
