import type { Knex } from 'knex';

/** A limit on the stored bytes of one namespace, which counts instead of the one of its plan. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table namespaces add column has_own_limit boolean not null default false,
      add column stored_bytes bigint check (stored_bytes >= 0);
    comment on column namespaces.has_own_limit is 'stored_bytes counts, not the limit of the plan';
    comment on column namespaces.stored_bytes is 'null: as many as one likes, if has_own_limit';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table namespaces drop column has_own_limit, drop column stored_bytes');
}
