import type { Knex } from 'knex';

/** The former names of repositories that were renamed or transferred: reads follow them, so that old hosts keep pulling. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table repository_aliases (
      namespace text not null references namespaces (name) on update cascade on delete cascade,
      name text not null,
      repository_id bigint not null references repositories (id) on delete cascade,
      created_at timestamptz not null default now(),
      primary key (namespace, name)
    );
    create index repository_aliases_repository on repository_aliases (repository_id);
    alter table namespaces add column default_visibility text not null default 'public'
      check (default_visibility in ('public', 'unlisted', 'private'));
    comment on column namespaces.default_visibility is 'of repositories that a push makes';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table namespaces drop column default_visibility;
    drop table repository_aliases;
  `);
}
