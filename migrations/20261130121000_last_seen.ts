import type { Knex } from 'knex';

/** When an account last logged in with a password, such as an engine that sends it with each request. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users add column last_seen_at timestamptz;
    comment on column users.last_seen_at is 'the last use of the password, to five minutes; sessions and tokens have their own';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table users drop column last_seen_at');
}
