import type { Knex } from 'knex';

/** What scrubbing knows of stored bytes: when they were read back last, and what is wrong with them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs
      add column verified_at timestamptz,
      add column damaged_at timestamptz,
      add column damage text check (damage in ('missing', 'wrong size', 'wrong bytes', 'unreadable')),
      add check ((damage is null) = (damaged_at is null));
    comment on column blobs.verified_at is 'last time that the bytes were read back, whatever came out; null: never';
    comment on column blobs.damaged_at is 'the bytes are not served; the same bytes, pushed again, clear it';
    create index blobs_verified on blobs (verified_at nulls first, digest);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table blobs drop column verified_at, drop column damage, drop column damaged_at;
  `);
}
