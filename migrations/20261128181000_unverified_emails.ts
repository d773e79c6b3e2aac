import type { Knex } from 'knex';

/**
 * An address that nobody has confirmed belongs to nobody: any number of accounts may name it, and the first that
 * confirms it has it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unique index emails_verified_key on emails (lower(email)) where verified_at is not null;
    create unique index emails_of_user_key on emails (user_id, lower(email));
    create index emails_address on emails (lower(email));
    create index emails_unverified on emails (created_at) where verified_at is null and not is_primary;
    drop index emails_email_key;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from emails e using emails other
    where lower(e.email) = lower(other.email) and e.id <> other.id and e.verified_at is null
      and (other.verified_at is not null or other.id < e.id);
    create unique index emails_email_key on emails (lower(email));
    drop index emails_unverified, emails_address, emails_of_user_key, emails_verified_key;
  `);
}
