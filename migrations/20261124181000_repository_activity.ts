import type { Knex } from 'knex';

/** How often each repository was pulled and pushed on each day, and by which engines. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table repository_activity (
      repository_id bigint not null references repositories on delete cascade,
      day date not null,
      engine text not null,
      kernel text not null,
      pulls bigint not null,
      pushes bigint not null,
      primary key (repository_id, day, engine, kernel)
    );
    comment on column repository_activity.day is 'in UTC';
    comment on column repository_activity.engine is 'its version; empty: it did not say; other: one of too many';
    create index repository_activity_day on repository_activity (day);

    create table activity_sources (
      source uuid primary key,
      saved bigint not null,
      saved_at timestamptz not null default now()
    );
    comment on table activity_sources is 'the last batch of counts of each process, so that none is added twice';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table activity_sources, repository_activity');
}
