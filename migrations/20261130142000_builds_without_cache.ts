import type { Knex } from 'knex';

/** Builds that use no layers of earlier ones. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table builds add column no_cache boolean not null default false;
    comment on column builds.no_cache is 'all steps are run again';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table builds drop column no_cache');
}
