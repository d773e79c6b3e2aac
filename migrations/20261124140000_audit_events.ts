import type { Knex } from 'knex';

/** Who did what from where. Nothing refers to accounts or repositories: what happened outlives both. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table audit_events (
      id bigint generated always as identity primary key,
      at timestamptz not null default clock_timestamp(),
      actor_id bigint,
      actor_name text,
      address text not null,
      action text not null,
      subject text not null,
      details jsonb not null default '{}'
    );
    comment on column audit_events.actor_name is 'as it was then; null: nobody that is known';
    create index audit_events_at on audit_events (at);
    create index audit_events_actor on audit_events (actor_name, id);
    create index audit_events_action on audit_events (action text_pattern_ops, id);
    create index audit_events_subject on audit_events (subject, id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table audit_events');
}
