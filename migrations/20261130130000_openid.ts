import type { Knex } from 'knex';

/**
 * Sign-in by OpenID Connect: which account belongs to which user of a provider, and which groups of the provider join
 * which teams. Everything is added, and nothing that an older server reads has changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table openid_identities (
      id bigint generated always as identity primary key,
      user_id bigint not null references users on delete cascade,
      issuer text not null,
      subject text not null,
      email text,
      made_admin boolean not null default false,
      created_at timestamptz not null default now(),
      last_used_at timestamptz not null default now(),
      unique (issuer, subject),
      unique (user_id, issuer)
    );
    comment on column openid_identities.subject is 'the only name of a user that a provider never gives to another one';
    comment on column openid_identities.email is 'as the provider said it at the last sign-in; it is only shown';
    comment on column openid_identities.made_admin is 'the administrators'' group made the account an administrator';

    create table team_groups (
      team_id bigint not null references teams on delete cascade,
      group_name text not null,
      created_at timestamptz not null default now(),
      primary key (team_id, group_name)
    );
    comment on table team_groups is 'who is in the group of the provider is in the team';
    create index team_groups_name on team_groups (group_name);

    alter table team_members add column from_group text;
    comment on column team_members.from_group is 'the group that made this membership; null: a person did, and it stays';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table team_members drop column from_group;
    drop table team_groups, openid_identities;
  `);
}
