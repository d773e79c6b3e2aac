import type { Knex } from 'knex';

/** The latest events of a repository by time, as the feed of the dashboard reads them. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index tag_events_latest on tag_events (repository_id, at desc, id desc);
    create index comments_latest on comments (repository_id, created_at desc, id desc);
    create index stars_latest on stars (repository_id, starred_at desc, id desc);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index tag_events_latest; drop index comments_latest; drop index stars_latest');
}
