import type { Knex } from 'knex';

/**
 * How many bytes of layers a namespace may hold, as a part of its plan. A new installation begins with a limit on the
 * plan of those who register; one that has repositories already goes on without, until its operator sets one.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table plans add column stored_bytes bigint check (stored_bytes >= 0);
    comment on column plans.stored_bytes is 'of all layers of a namespace, each once; null: as many as one likes';
    update plans set stored_bytes = 10::bigint * 1024 * 1024 * 1024
    where name = 'free' and not exists (select 1 from repositories);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table plans drop column stored_bytes');
}
