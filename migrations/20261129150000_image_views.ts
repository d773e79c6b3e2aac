import type { Knex } from 'knex';

/**
 * Images of v1 as clients of v2 get them: what their layers are without compression, copies of layers in gzip that today's
 * clients can read, and the manifest of each image.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs
      add column diff_id text,
      add column is_gzip boolean,
      add column layer_problem text,
      add column twin_digest text references blobs,
      add check (diff_id is null or layer_problem is null);
    comment on column blobs.diff_id is 'of a layer: the digest of its uncompressed bytes; null: not computed yet';
    comment on column blobs.layer_problem is 'why clients of v2 cannot get the layer';
    comment on column blobs.twin_digest is 'the same layer in gzip, for clients that cannot read its compression';
    create index blobs_undescribed on blobs (digest) where diff_id is null and layer_problem is null;
    create index blobs_twin on blobs (twin_digest) where twin_digest is not null;

    create table image_manifests (
      link_id bigint primary key references repository_images on delete cascade,
      manifest_id bigint references manifests on delete cascade,
      problem text,
      is_derived boolean not null default false,
      check ((manifest_id is null) = (problem is not null))
    );
    comment on table image_manifests is 'the manifest that clients of v2 get for an image of v1';
    comment on column image_manifests.is_derived is 'the image was derived from the manifest, not the other way round';
    alter table manifests add column v1_problem text;
    comment on column manifests.v1_problem is 'why v1 clients do not get it';
    alter table image_contents alter column payload_checksum drop not null;
    comment on column image_contents.payload_checksum is 'null: no engine pushed it';
    create index tags_underived on tags (repository_id, name) where image_id is null;
    create index image_manifests_manifest on image_manifests (manifest_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table image_manifests;
    drop index tags_underived;
    alter table manifests drop column v1_problem;
    update image_contents set payload_checksum = '' where payload_checksum is null;
    alter table image_contents alter column payload_checksum set not null;
    delete from manifests m where origin = 'synthesized' and not exists (select from tags t where t.manifest_id = m.id);
    alter table blobs drop column diff_id, drop column is_gzip, drop column layer_problem, drop column twin_digest;
  `);
}
