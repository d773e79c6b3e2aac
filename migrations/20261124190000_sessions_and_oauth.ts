import type { Knex } from 'knex';

/**
 * What the API needs: profiles, browser sessions, and the clients, codes and tokens of OAuth 2. Of every secret only the
 * sha256 is kept: all are random, and too long to be guessed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table namespaces
      add column full_name text not null default '',
      add column location text not null default '',
      add column company text not null default '',
      add column profile_url text not null default '',
      add column gravatar_email text not null default '';

    create table sessions (
      id bigint generated always as identity primary key,
      secret_hash bytea not null unique,
      user_id bigint not null references users on delete cascade,
      credentials_epoch integer not null,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null,
      address text not null,
      user_agent text not null
    );
    comment on column sessions.credentials_epoch is 'of the login: a new password ends the session';
    create index sessions_user on sessions (user_id);
    create index sessions_expires on sessions (expires_at);

    create table oauth_clients (
      id bigint generated always as identity primary key,
      client_id text not null unique,
      secret_hash bytea not null,
      name text not null,
      redirect_uris text[] not null check (cardinality(redirect_uris) > 0),
      created_at timestamptz not null default now()
    );

    create table oauth_codes (
      code_hash bytea primary key,
      client_id bigint not null references oauth_clients on delete cascade,
      user_id bigint not null references users on delete cascade,
      credentials_epoch integer not null,
      redirect_uri text not null,
      scopes text[] not null,
      code_challenge text,
      code_challenge_method text,
      expires_at timestamptz not null
    );
    create index oauth_codes_client on oauth_codes (client_id);
    create index oauth_codes_user on oauth_codes (user_id);
    create index oauth_codes_expires on oauth_codes (expires_at);

    create table oauth_tokens (
      id bigint generated always as identity primary key,
      access_hash bytea not null unique,
      refresh_hash bytea not null unique,
      client_id bigint not null references oauth_clients on delete cascade,
      user_id bigint not null references users on delete cascade,
      credentials_epoch integer not null,
      scopes text[] not null,
      created_at timestamptz not null default now(),
      access_expires_at timestamptz not null,
      refresh_expires_at timestamptz not null
    );
    comment on table oauth_tokens is 'an access token and the refresh token that came with it; refreshing replaces the row';
    create index oauth_tokens_client on oauth_tokens (client_id);
    create index oauth_tokens_user on oauth_tokens (user_id);
    create index oauth_tokens_expires on oauth_tokens (refresh_expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table oauth_tokens, oauth_codes, oauth_clients, sessions;
    alter table namespaces drop column full_name, drop column location, drop column company, drop column profile_url,
      drop column gravatar_email;
  `);
}
