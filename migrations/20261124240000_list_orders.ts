import type { Knex } from 'knex';

/**
 * The orders of lists for people as indexes: a page reads its rows and no others. The order by stars is that of
 * `repositories_rank`. Pulls change with every flush of counts, so they are sorted where a row is small. The time of the
 * last change moves once with a push.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index repository_totals_pulls on repository_totals (pulls desc, repository_id);
    create index repositories_newest on repositories (created_at desc, id desc)
      where visibility = 'public' and state = 'active';
    create index repositories_updated on repositories (updated_at desc, id desc) where state <> 'deleting';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index repositories_updated, repositories_newest, repository_totals_pulls');
}
