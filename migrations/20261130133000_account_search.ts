import type { Knex } from 'knex';

/** Finds users and organizations by parts of their names and full names. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index namespaces_search on namespaces using gin (lower(name || ' ' || full_name) gin_trgm_ops)
      where kind in ('user', 'organization')
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index namespaces_search');
}
