import type { Knex } from 'knex';

/** Which mail about the expiry of an access token was queued last, so that each is sent once, whichever process does it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table access_tokens add column expiry_notice_days smallint;
    comment on column access_tokens.expiry_notice_days is
      'the mail that was queued last said that the token expires within so many days; null: none was';
    create index access_tokens_expires on access_tokens (expires_at) where expires_at is not null;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index access_tokens_expires;
    alter table access_tokens drop column expiry_notice_days;
  `);
}
