import type { Knex } from 'knex';

/**
 * What `repository_activity` sums up to, for lists that show or sort by it. No column of `repositories`: its rows are in
 * the index of search, which would be written with every pull.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table repository_totals (
      repository_id bigint primary key references repositories on delete cascade,
      pulls bigint not null,
      pushes bigint not null
    );
    insert into repository_totals (repository_id, pulls, pushes)
      select repository_id, sum(pulls), sum(pushes) from repository_activity group by repository_id;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table repository_totals');
}
