import type { Knex } from 'knex';

/**
 * Webhooks (protocol 6.3), and pushes between their start and their end: what a hook is told is what was announced at
 * the start.
 *
 *   repositories 1─* pushes
 *        └─────── 1─* webhooks 1─* webhook_deliveries 1─* webhook_attempts
 *
 * The deliveries of one push, or of one order to send something again, have the same `run`; in a run each link of a
 * hook's chain is delivered once, however often the job that does so runs.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table pushes (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      caller text not null,
      image_ids text[] not null,
      started_at timestamptz not null default now()
    );
    create index pushes_repository on pushes (repository_id, caller);
    create index pushes_started on pushes (started_at);

    create table webhooks (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      name text not null,
      urls text[] not null check (cardinality(urls) between 1 and 5),
      secret text not null,
      is_active boolean not null default true,
      failing_since timestamptz,
      failure_count integer not null default 0,
      created_by bigint references users on delete set null,
      created_at timestamptz not null default now(),
      unique (repository_id, name)
    );
    comment on column webhooks.urls is 'a chain: each is called when the one before has called back';
    comment on column webhooks.secret is 'signs what is sent, so it is kept as it is';
    comment on column webhooks.failure_count is 'deliveries that failed since one succeeded';
    create index webhooks_creator on webhooks (created_by);

    create table webhook_deliveries (
      id bigint generated always as identity primary key,
      webhook_id bigint not null references webhooks on delete cascade,
      run uuid not null,
      position smallint not null,
      urls text[] not null,
      event text not null check (event in ('push', 'test')),
      body text not null,
      state text not null default 'pending' check (state in ('pending', 'delivered', 'failed', 'refused')),
      attempt_count smallint not null default 0,
      callback_hash text not null unique,
      callback jsonb,
      created_at timestamptz not null default now(),
      finished_at timestamptz,
      unique (webhook_id, run, position),
      check ((state = 'pending') = (finished_at is null))
    );
    comment on column webhook_deliveries.urls is 'the chain as it was when the run began';
    comment on column webhook_deliveries.body is 'without the callback URL, which is a secret';
    comment on column webhook_deliveries.callback_hash is 'sha256 of the id in the callback URL';
    comment on column webhook_deliveries.callback is 'what the receiver said; null until it has';
    create index webhook_deliveries_created on webhook_deliveries (created_at);

    create table webhook_attempts (
      delivery_id bigint not null references webhook_deliveries on delete cascade,
      number smallint not null,
      started_at timestamptz not null,
      duration_ms integer not null,
      request_headers jsonb not null,
      status smallint,
      response_headers jsonb,
      response_body text,
      error text,
      primary key (delivery_id, number),
      check ((status is null) <> (error is null))
    );
    comment on column webhook_attempts.response_body is 'its beginning';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table webhook_attempts, webhook_deliveries, webhooks, pushes');
}
