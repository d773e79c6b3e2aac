import type { Knex } from 'knex';

/** What site administrators decide for the builds of a namespace. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table build_policies (
      namespace text primary key references namespaces (name) on update cascade on delete cascade,
      allows_network boolean not null default false,
      build_arguments jsonb not null default '{}',
      changed_at timestamptz not null default now()
    );
    comment on column build_policies.allows_network is 'builds of all of its repositories have a network';
    comment on column build_policies.build_arguments is 'such as the URL of a mirror; those of a source count more';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table build_policies');
}
