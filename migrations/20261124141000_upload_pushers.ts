import type { Knex } from 'knex';

/** Who pushes, so that an account can be held to a number of uploads, whatever tokens it uses. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table uploads add column pusher text;
    comment on column uploads.pusher is 'the account, or the address of a guest; null in uploads from before this column';
    create index uploads_pusher on uploads (pusher);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table uploads drop column pusher');
}
