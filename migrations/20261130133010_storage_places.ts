import type { Knex } from 'knex';

/** Where the bytes of blobs are, so that no server starts that does not see all of them, and a copy can be continued. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table storage_places (
      id text primary key,
      location text not null,
      since timestamptz not null default now()
    );
    comment on table storage_places is 'the directories and buckets that may have bytes which rows of blobs need';
    comment on column storage_places.id is 'also written in the place itself, which may be moved or mounted elsewhere';

    create table storage_processes (
      id bigint generated always as identity primary key,
      host text not null,
      pid int not null,
      writes_to text not null,
      reads text[] not null,
      seen_at timestamptz not null default now()
    );
    comment on table storage_processes is 'the processes that use the storage, with a sign of life each minute';
    comment on column storage_processes.writes_to is 'the id of a place';

    create table copied_blobs (
      storage_key text primary key,
      place_id text not null
    );
    comment on table copied_blobs is 'the blobs that are in a place, as a copy to it found out; empty when none is unfinished';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table storage_places; drop table storage_processes; drop table copied_blobs');
}
