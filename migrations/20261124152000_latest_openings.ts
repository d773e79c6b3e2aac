import type { Knex } from 'knex';

/** What a caller opened last is asked for at the start of every pull without a token; a farm may share one account. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index repository_openings_latest on repository_openings (caller, opened_at)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index repository_openings_latest');
}
