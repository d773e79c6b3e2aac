import type { Knex } from 'knex';

/**
 * Automated builds: where the source of a repository is, which refs of it become which tags, and the builds.
 *
 *   repositories 1─1 build_sources 1─* build_rules 1─* builds 1─* build_logs
 *        │                 ├─* build_triggers, build_trigger_calls
 *        │                 └─* build_deliveries
 *        └─* repository_links *─1 repositories (the base images)
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table build_sources (
      id bigint generated always as identity primary key,
      repository_id bigint not null unique references repositories on delete cascade,
      provider text not null
        check (provider in ('git', 'github', 'gitlab', 'bitbucket', 'bitbucket-server', 'gitea')),
      clone_url text not null,
      credential_kind text check (credential_kind in ('deploy_key', 'token')),
      sealed_credential bytea,
      public_key text,
      hook_id text not null unique,
      sealed_hook_secret bytea not null,
      syncs_description boolean not null default false,
      allows_network boolean not null default false,
      schedule text,
      scheduled_at timestamptz,
      dockerfile text,
      created_by bigint references users on delete set null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      check ((credential_kind is null) = (sealed_credential is null)),
      check ((schedule is null) = (scheduled_at is null))
    );
    comment on column build_sources.public_key is 'of a deploy key, in the format of OpenSSH';
    comment on column build_sources.hook_id is 'random; in the URL to which the provider sends its hooks';
    comment on column build_sources.schedule is 'five fields of cron, UTC';
    comment on column build_sources.scheduled_at is 'when the schedule is due next';
    comment on column build_sources.dockerfile is 'of the last build, for pages and webhooks';
    comment on column build_sources.created_by is 'the account whose rights the builds have';
    create index build_sources_creator on build_sources (created_by);
    create index build_sources_scheduled on build_sources (scheduled_at) where scheduled_at is not null;

    create table build_rules (
      id bigint generated always as identity primary key,
      source_id bigint not null references build_sources on delete cascade,
      position smallint not null,
      ref_type text not null check (ref_type in ('branch', 'tag')),
      ref_pattern text not null,
      dockerfile_path text not null,
      context_path text not null,
      tag text not null,
      unique (source_id, position) deferrable initially deferred
    );
    comment on column build_rules.ref_pattern is 'with * and ?, or a regular expression between slashes';
    comment on column build_rules.tag is 'with {ref} and {sha}';

    create table builds (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      source_id bigint references build_sources on delete set null,
      rule_id bigint references build_rules on delete set null,
      state text not null default 'queued' check (state in ('queued', 'building', 'success', 'error', 'cancelled')),
      cause text not null check (cause in ('hook', 'trigger', 'manual', 'schedule', 'link', 'retry')),
      requested_by bigint references users on delete set null,
      requested_name text,
      is_required boolean not null,
      ref_type text not null check (ref_type in ('branch', 'tag')),
      ref_name text not null,
      commit_hash text,
      commit_message text,
      commit_author text,
      dockerfile_path text not null,
      context_path text not null,
      tag text not null,
      digest text,
      error text,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz,
      builder text,
      attempts smallint not null default 0,
      alive_at timestamptz,
      cancel_requested_at timestamptz,
      log_bytes int not null default 0,
      log_chunks int not null default 0,
      check ((state in ('queued', 'building')) = (finished_at is null)),
      check (state <> 'building' or (builder is not null and alive_at is not null))
    );
    comment on column builds.requested_name is 'who or what asked: an account, or the base repository of a link';
    comment on column builds.is_required is 'false: it is left out if its commit is already built';
    comment on column builds.commit_hash is 'what a hook said, until the builder has fetched the ref';
    comment on column builds.tag is 'with {sha} until the commit is known';
    comment on column builds.builder is 'host:pid of the process that builds it';
    comment on column builds.alive_at is 'the last sign of life of the builder';
    create unique index builds_queued on builds (rule_id, ref_type, ref_name) where state = 'queued';
    create unique index builds_building on builds (repository_id) where state = 'building';
    create index builds_repository on builds (repository_id, id);
    create index builds_source on builds (source_id);
    create index builds_rule on builds (rule_id, ref_name, id);
    create index builds_requester on builds (requested_by);
    create index builds_open on builds (id) where state in ('queued', 'building');
    create index builds_finished on builds (finished_at);

    create table build_logs (
      build_id bigint not null references builds on delete cascade,
      seq int not null,
      at timestamptz not null default now(),
      text text not null check (octet_length(text) <= 65536),
      primary key (build_id, seq)
    );

    create table builders (
      name text primary key,
      started_at timestamptz not null default now(),
      alive_at timestamptz not null default now()
    );
    comment on table builders is 'the processes that build, by host:pid';

    create table build_triggers (
      id bigint generated always as identity primary key,
      source_id bigint not null unique references build_sources on delete cascade,
      secret_hash bytea not null unique,
      created_at timestamptz not null default now()
    );
    create table build_trigger_calls (
      id bigint generated always as identity primary key,
      source_id bigint not null references build_sources on delete cascade,
      at timestamptz not null default now(),
      address text not null,
      asked text not null,
      outcome text not null
    );
    create index build_trigger_calls_source on build_trigger_calls (source_id, id);

    create table build_deliveries (
      source_id bigint not null references build_sources on delete cascade,
      delivery text not null,
      received_at timestamptz not null default now(),
      primary key (source_id, delivery)
    );
    comment on table build_deliveries is 'hooks that have arrived, so that one that is sent again has no effect';
    create index build_deliveries_received on build_deliveries (received_at);

    create table repository_links (
      repository_id bigint not null references repositories on delete cascade,
      base_repository_id bigint not null references repositories on delete cascade,
      created_at timestamptz not null default now(),
      primary key (repository_id, base_repository_id),
      check (repository_id <> base_repository_id)
    );
    comment on table repository_links is 'a push to the base builds the repository';
    create index repository_links_base on repository_links (base_repository_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table repository_links, build_deliveries, build_trigger_calls, build_triggers, builders, build_logs,
    builds, build_rules, build_sources`);
}
