import type { Knex } from 'knex';

/** The counter of pushes of an upload gets a name of its own: an opening is what `repository_openings` has. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table uploads rename column openings to open_pushes');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table uploads rename column open_pushes to openings');
}
