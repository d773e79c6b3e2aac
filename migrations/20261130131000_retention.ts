import type { Knex } from 'knex';

/**
 * Retention: which tags of a repository, or of all repositories of a namespace, stay, and the runs that delete the others.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table retention_policies (
      id bigint generated always as identity primary key,
      repository_id bigint unique references repositories (id) on delete cascade,
      namespace text unique references namespaces (name) on update cascade on delete cascade,
      keep_last int check (keep_last > 0),
      keep_days int check (keep_days > 0),
      keep_tags text[] not null default '{}',
      only_tags text[] not null default '{}',
      changed_by text not null,
      changed_at timestamptz not null default now(),
      check (num_nonnulls(repository_id, namespace) = 1)
    );
    comment on table retention_policies is 'the policy of a namespace applies to its repositories without their own';
    comment on column retention_policies.only_tags is 'patterns: all other tags stay; empty: the policy is about every tag';

    create table retention_runs (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories (id) on delete cascade,
      state text not null default 'waiting' check (state in ('waiting', 'running', 'finished', 'failed')),
      requested_by text,
      requested_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz,
      deleted int not null default 0,
      kept int,
      error text
    );
    comment on column retention_runs.requested_by is 'null: the schedule';
    create unique index retention_runs_open on retention_runs (repository_id) where state in ('waiting', 'running');
    create index retention_runs_repository on retention_runs (repository_id, id);
    create index retention_runs_requested on retention_runs (requested_at);
    create index retention_runs_todo on retention_runs (id) where state in ('waiting', 'running');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table retention_runs, retention_policies');
}
