import type { Knex } from 'knex';

/**
 * Accounts at git providers that users linked, what was added to repositories there, and which statuses of commits were
 * reported.
 *
 *   users 1─* linked_accounts 1─* build_remotes *─1 build_sources
 *                                      └─* build_statuses *─1 builds
 *
 * A row outlives the account, the source or the repository here until what was added there is removed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table linked_accounts (
      id bigint generated always as identity primary key,
      user_id bigint references users on delete set null,
      provider text not null check (provider in ('github', 'bitbucket', 'gitlab', 'gitea')),
      base_url text not null,
      remote_id text not null,
      login text not null,
      access text not null check (access in ('full', 'limited')),
      sealed_tokens bytea not null,
      token_version int not null default 1,
      expires_at timestamptz,
      refreshing_until timestamptz,
      problem text,
      created_at timestamptz not null default now(),
      unlinked_at timestamptz
    );
    comment on column linked_accounts.remote_id is 'what the provider calls the user, whatever their login becomes';
    comment on column linked_accounts.token_version is 'counts the refreshes';
    comment on column linked_accounts.refreshing_until is 'a process refreshes the tokens until then; others wait';
    comment on column linked_accounts.problem is 'why the tokens are not accepted; null: they are';
    comment on column linked_accounts.unlinked_at is 'from then on the row only serves to remove hooks and keys';
    create unique index linked_accounts_user on linked_accounts (user_id, provider, base_url) where unlinked_at is null;
    create index linked_accounts_ending on linked_accounts (id) where unlinked_at is not null or user_id is null;

    create table build_remotes (
      id bigint generated always as identity primary key,
      source_id bigint unique references build_sources on delete set null,
      linked_account_id bigint not null references linked_accounts on delete cascade,
      subject text not null,
      remote_repository text not null,
      full_name text not null,
      state text not null check (state in ('adding', 'added', 'failed', 'by_hand')),
      hook_ref text,
      key_ref text,
      error text,
      busy_until timestamptz,
      removal_since timestamptz,
      created_at timestamptz not null default now()
    );
    comment on column build_remotes.subject is 'the name of the repository here when it was added, for the audit log';
    comment on column build_remotes.remote_repository is 'by which the API of the provider names the repository';
    comment on column build_remotes.hook_ref is 'what the provider calls the hook that was added';
    comment on column build_remotes.busy_until is 'a process talks to the provider about it until then';
    comment on column build_remotes.removal_since is 'what was added is being removed since then';
    create index build_remotes_account on build_remotes (linked_account_id);
    create index build_remotes_ending on build_remotes (id) where source_id is null or removal_since is not null;

    create table build_statuses (
      build_id bigint not null references builds on delete cascade,
      commit_hash text not null,
      remote_id bigint not null references build_remotes on delete cascade,
      context text not null,
      reported text,
      reported_at timestamptz,
      error text,
      primary key (build_id, commit_hash)
    );
    comment on column build_statuses.context is 'names the check at the provider';
    comment on column build_statuses.reported is 'the state that the provider knows';
    create index build_statuses_remote on build_statuses (remote_id, commit_hash);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table build_statuses, build_remotes, linked_accounts');
}
