import type { Knex } from 'knex';

/**
 * Who shares what with whom: plans, organizations with teams, collaborators, invitations.
 *
 * A namespace is a user's (it has an owner) or an organization's (it has exactly one owners team). The rights of an
 * account in a repository are the greatest that its ownership, its teams and a collaboration give it.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create type access_level as enum ('read', 'write', 'admin');

    create table plans (
      name text primary key check (name ~ '^[a-z0-9_-]{1,30}$'),
      private_repositories integer check (private_repositories >= 0),
      position integer not null default 0
    );
    comment on column plans.private_repositories is 'null: as many as one likes';
    insert into plans (name, private_repositories, position) values
      ('free', 1, 1), ('micro', 5, 2), ('small', 10, 3), ('medium', 20, 4), ('large', 50, 5), ('xlarge', 100, 6),
      ('unlimited', null, 7);

    alter table namespaces add column plan text not null default 'free' references plans (name);
    update namespaces set plan = 'unlimited' where kind in ('library', 'remote');
    create index namespaces_plan on namespaces (plan);

    alter table repositories add column visibility text not null default 'public'
      check (visibility in ('public', 'unlisted', 'private'));
    comment on column repositories.visibility is 'unlisted: whoever knows the name may pull';
    update repositories set visibility = 'private' where is_private;
    alter table repositories drop column is_private;
    create index repositories_private on repositories (namespace) where visibility = 'private';

    create table teams (
      id bigint generated always as identity primary key,
      namespace text not null references namespaces (name) on update cascade on delete cascade,
      name text not null check (name ~ '^[a-z0-9_-]{1,30}$'),
      is_owners boolean not null default false,
      description text not null default '',
      created_at timestamptz not null default now(),
      unique (namespace, name)
    );
    comment on column teams.is_owners is 'its members own the organization';
    create unique index teams_owners on teams (namespace) where is_owners;

    create table team_members (
      team_id bigint not null references teams (id) on delete cascade,
      user_id bigint not null references users (id) on delete cascade,
      created_at timestamptz not null default now(),
      primary key (user_id, team_id)
    );
    create index team_members_team on team_members (team_id);

    create table team_repositories (
      team_id bigint not null references teams (id) on delete cascade,
      repository_id bigint not null references repositories (id) on delete cascade,
      access access_level not null,
      primary key (team_id, repository_id)
    );
    create index team_repositories_repository on team_repositories (repository_id);

    create table collaborators (
      repository_id bigint not null references repositories (id) on delete cascade,
      user_id bigint not null references users (id) on delete cascade,
      created_at timestamptz not null default now(),
      primary key (repository_id, user_id)
    );
    create index collaborators_user on collaborators (user_id);

    create function owns_organization(account bigint, organization text) returns boolean
      language sql stable parallel safe as $$
        select exists (
          select 1 from teams t join team_members m on m.team_id = t.id
          where t.namespace = organization and t.is_owners and m.user_id = account)
      $$;
    create function shared_access(account bigint, repository bigint) returns access_level
      language sql stable parallel safe as $$
        select greatest(
          (select 'write'::access_level from collaborators c where c.repository_id = repository and c.user_id = account),
          (select max(p.access) from team_repositories p join team_members m on m.team_id = p.team_id
           where p.repository_id = repository and m.user_id = account))
      $$;
    comment on function shared_access is 'what a collaboration and teams give an account';

    create table invitations (
      id bigint generated always as identity primary key,
      team_id bigint not null references teams (id) on delete cascade,
      user_id bigint references users (id) on delete cascade,
      email text,
      secret_hash text unique,
      invited_by text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      check ((user_id is null) <> (email is null))
    );
    comment on column invitations.secret_hash is 'sha256 of what stands in the mailed link; null until it is mailed';
    create unique index invitations_user on invitations (team_id, user_id) where user_id is not null;
    create unique index invitations_email on invitations (team_id, lower(email)) where email is not null;
    create index invitations_of_user on invitations (user_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function shared_access, owns_organization;
    drop table invitations, collaborators, team_repositories, team_members, teams;
    alter table repositories add column is_private boolean not null default false;
    update repositories set is_private = true where visibility = 'private';
    alter table repositories drop column visibility;
    alter table namespaces drop column plan;
    drop table plans;
    drop type access_level;
  `);
}
