import type { Knex } from 'knex';

/**
 * What is stored, by namespace and in all, as it was found lately: finding it reads every link of every repository.
 * No namespace is referenced, for one that went meanwhile is still in the figures of then.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table storage_by_namespace (
      namespace text primary key,
      repositories bigint not null,
      images bigint not null,
      layers bigint not null,
      bytes bigint not null
    );
    create index storage_by_namespace_largest on storage_by_namespace (bytes desc, namespace);
    create table storage_totals (
      is_only boolean primary key default true check (is_only),
      as_of timestamptz not null,
      took_ms integer not null,
      repositories bigint not null,
      images bigint not null,
      blobs bigint not null,
      bytes bigint not null,
      damaged bigint not null,
      verified_last_week bigint not null,
      never_verified bigint not null,
      oldest_verification timestamptz
    );
    comment on column storage_totals.took_ms is 'how long these figures and those by namespace took to find';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table storage_totals, storage_by_namespace');
}
