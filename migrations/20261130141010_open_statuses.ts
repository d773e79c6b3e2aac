import type { Knex } from 'knex';

/** Finds statuses of commits that are not final, without reading all. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(
    `create index build_statuses_open on build_statuses (build_id) where reported in ('pending', 'running')`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index build_statuses_open');
}
