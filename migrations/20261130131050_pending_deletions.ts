import type { Knex } from 'knex';

/** Bytes whose row is gone and that are still stored, so that no sweep has to search for them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table pending_deletions (
      key text primary key,
      is_damaged boolean not null default false,
      since timestamptz not null default now()
    );
    comment on table pending_deletions is 'keys of stored bytes whose row in blobs is gone or points to others';
    comment on column pending_deletions.is_damaged is 'the bytes go to quarantine';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table pending_deletions');
}
