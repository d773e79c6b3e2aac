import type { Knex } from 'knex';

/**
 * Which layers of v1 still have to be read for clients of v2. The index of all blobs without a diff_id held every blob
 * that was pushed over v2, which nobody has to read.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs add column unread_since timestamptz;
    comment on column blobs.unread_since is 'a layer of v1 that is not read yet for clients of v2; null: it is, or no need';
    update blobs set unread_since = now()
      where diff_id is null and layer_problem is null and exists (
        select from image_contents c where c.layer_digest = blobs.digest and c.payload_checksum is not null);
    drop index blobs_undescribed;
    create index blobs_unread on blobs (unread_since, digest) where unread_since is not null and damaged_at is null;

    delete from storage_totals;
    alter table storage_totals
      add column layers_read bigint not null,
      add column layers_unread bigint not null,
      add column layers_unreadable bigint not null;
    comment on column storage_totals.layers_read is 'for clients of v2; those that are unreadable count, too';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table storage_totals drop column layers_read, drop column layers_unread, drop column layers_unreadable;
    alter table blobs drop column unread_since;
    create index blobs_undescribed on blobs (digest) where diff_id is null and layer_problem is null;
  `);
}
