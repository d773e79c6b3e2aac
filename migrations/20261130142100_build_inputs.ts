import type { Knex } from 'knex';

/** What the builds of a source get in addition to its files. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table build_sources
      add column build_arguments jsonb not null default '{}',
      add column secret_names text[] not null default '{}',
      add column sealed_secrets bytea;
    comment on column build_sources.build_arguments is 'values of ARG, by name; not secret';
    comment on column build_sources.secret_names is 'of RUN --mount=type=secret; their values are in sealed_secrets';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table build_sources drop column build_arguments, drop column secret_names, drop column sealed_secrets
  `);
}
