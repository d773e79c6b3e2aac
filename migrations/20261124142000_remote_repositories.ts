import type { Knex } from 'knex';

/**
 * Repositories of another index, whose tokens this registry accepts. What may be done with them is for that index to
 * say: the owner of a namespace that happens to have the same name here has no part in them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table namespaces drop constraint namespaces_kind_check;
    alter table namespaces add constraint namespaces_kind_check
      check (kind in ('library', 'user', 'organization', 'remote'));
    alter table repositories add column is_remote boolean not null default false;
    comment on column repositories.is_remote is 'another index decides who may read and write it';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from repositories where is_remote;
    delete from namespaces where kind = 'remote';
    alter table repositories drop column is_remote;
    alter table namespaces drop constraint namespaces_kind_check;
    alter table namespaces add constraint namespaces_kind_check check (kind in ('library', 'user', 'organization'));
  `);
}
