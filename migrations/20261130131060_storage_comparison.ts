import type { Knex } from 'knex';

/** How far a comparison of the storage with the database has come, so that it can go on after a kill. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table storage_comparisons (
      id bigint generated always as identity primary key,
      is_applied boolean not null,
      older_than_ms bigint not null,
      compared integer not null default 0,
      found jsonb not null,
      started_at timestamptz not null default now()
    );
    comment on table storage_comparisons is 'comparisons of the storage with the database that have not ended';
    comment on column storage_comparisons.is_applied is 'what is found is deleted, or marked as damaged';
    comment on column storage_comparisons.compared is 'how many folders of keys are done';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table storage_comparisons');
}
