import type { Knex } from 'knex';

/** Runs of gc and scrub that administrators start and watch. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table maintenance_runs (
      id bigint generated always as identity primary key,
      kind text not null check (kind in ('gc_dry_run', 'gc', 'scrub')),
      state text not null default 'waiting'
        check (state in ('waiting', 'running', 'finished', 'failed', 'cancelled', 'broken_off')),
      requested_by text not null,
      requested_at timestamptz not null default now(),
      started_at timestamptz,
      seen_at timestamptz,
      finished_at timestamptz,
      is_cancel_requested boolean not null default false,
      progress jsonb not null default '{}',
      result jsonb,
      error text
    );
    comment on column maintenance_runs.seen_at is 'sign of life of the process that runs it';
    create unique index maintenance_runs_open on maintenance_runs (kind) where state in ('waiting', 'running');
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table maintenance_runs');
}
