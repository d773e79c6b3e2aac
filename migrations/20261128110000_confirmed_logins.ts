import type { Knex } from 'knex';

/**
 * When a session last gave its password, since when an account has its primary address, the families of OAuth tokens
 * with what was used up, and counts of failures by the database's own clock. Everything is added, and nothing that an
 * older server reads has changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sessions add column authenticated_at timestamptz;
    alter table sessions alter column authenticated_at set default now();
    comment on column sessions.authenticated_at is 'when the password was given last; null: before this was kept';

    alter table users add column primary_email_changed_at timestamptz;
    comment on column users.primary_email_changed_at is 'null: the primary address is the one that the account began with';

    alter table oauth_codes add column family uuid not null default gen_random_uuid();
    alter table oauth_tokens add column family uuid not null default gen_random_uuid();
    comment on column oauth_tokens.family is 'of the code from which these tokens came, however often they were refreshed';
    create index oauth_tokens_family on oauth_tokens (family);

    create table oauth_used (
      hash bytea primary key,
      family uuid not null,
      user_id bigint not null references users on delete cascade,
      client_id bigint not null references oauth_clients on delete cascade,
      expires_at timestamptz not null
    );
    comment on table oauth_used is
      'codes and refresh tokens that were used: a second use ends their family. Goes with the account and with the client, as the tokens do: there is nothing left to end';
    create index oauth_used_user on oauth_used (user_id);
    create index oauth_used_client on oauth_used (client_id);
    create index oauth_used_expires on oauth_used (expires_at);

    create unlogged table failure_counts (
      key text primary key,
      tries integer not null,
      pending integer not null default 0,
      taken_at timestamptz not null default now(),
      rounds integer not null default 0,
      blocked_until timestamptz not null default '-infinity',
      ends_at timestamptz not null
    );
    comment on table failure_counts is 'who has tried what in vain; may be lost with a crash of Postgres';
    comment on column failure_counts.tries is 'counted before each try, so that it has those that are not decided yet';
    comment on column failure_counts.pending is 'tries that are not decided yet';
    comment on column failure_counts.rounds is 'how many pauses there were, where each is twice as long as the one before';
    create index failure_counts_ends on failure_counts (ends_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table failure_counts, oauth_used;
    alter table oauth_tokens drop column family;
    alter table oauth_codes drop column family;
    alter table users drop column primary_email_changed_at;
    alter table sessions drop column authenticated_at;
  `);
}
