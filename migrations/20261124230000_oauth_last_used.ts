import type { Knex } from 'knex';

/** When a program acted last for a user, so that he sees which of them he can do without. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table oauth_tokens add column last_used_at timestamptz;
    comment on column oauth_tokens.last_used_at is 'to five minutes';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table oauth_tokens drop column last_used_at');
}
