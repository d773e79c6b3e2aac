import type { Knex } from 'knex';

/** Who is told when a build fails, and when the next one succeeds: by mail, and by webhooks that want to know. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table build_sources add column mails_failures boolean not null default true;
    comment on column build_sources.mails_failures is 'mails when builds begin to fail, and when they succeed again';
    alter table webhooks add column tells_builds boolean not null default false;
    comment on column webhooks.tells_builds is 'also told when a build fails, and when the next one succeeds';
    alter table webhook_deliveries drop constraint webhook_deliveries_event_check;
    alter table webhook_deliveries add constraint webhook_deliveries_event_check
      check (event in ('push', 'test', 'build_failed', 'build_recovered'));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from webhook_deliveries where event not in ('push', 'test');
    alter table webhook_deliveries drop constraint webhook_deliveries_event_check;
    alter table webhook_deliveries add constraint webhook_deliveries_event_check check (event in ('push', 'test'));
    alter table webhooks drop column tells_builds;
    alter table build_sources drop column mails_failures;
  `);
}
