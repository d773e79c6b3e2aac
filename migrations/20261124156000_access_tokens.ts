import type { Knex } from 'knex';

/**
 * Access tokens: what scripts and machines log in with instead of a password. And robots, accounts that have nothing
 * but such tokens, and belong to an organization.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users add column robot_of text references namespaces (name) on update cascade on delete cascade;
    comment on column users.robot_of is 'the organization that the account works for; null: a person';
    alter table users add constraint users_robot_check
      check ((robot_of is null) = (position('+' in username) = 0) and not (robot_of is not null and is_admin));
    create index users_robot_of on users (robot_of) where robot_of is not null;

    create table access_tokens (
      id bigint generated always as identity primary key,
      user_id bigint not null references users (id) on delete cascade,
      name text not null,
      secret_hash bytea not null unique,
      access access_level not null,
      repositories text[],
      created_at timestamptz not null default now(),
      expires_at timestamptz,
      last_used_at timestamptz,
      last_used_address text,
      unique (user_id, name)
    );
    comment on column access_tokens.secret_hash is 'sha256; the secret itself is shown once and kept nowhere';
    comment on column access_tokens.repositories is 'full names, the only ones it is good for; null: all of the account';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table access_tokens;
    delete from users where robot_of is not null;
    alter table users drop constraint users_robot_check;
    alter table users drop column robot_of;
  `);
}
