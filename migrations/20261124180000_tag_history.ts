import type { Knex } from 'knex';

/** Who moved which tag when, for as long as the repository is there; and the tags that nobody may move. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table tag_events (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      tag text not null collate "C",
      from_image_id text,
      to_image_id text,
      actor_id bigint,
      actor_name text,
      at timestamptz not null default clock_timestamp(),
      check (from_image_id is distinct from to_image_id)
    );
    comment on column tag_events.from_image_id is 'null: there was no such tag';
    comment on column tag_events.to_image_id is 'null: the tag was deleted';
    comment on column tag_events.actor_name is 'as it was then; null: nobody that is known';
    create index tag_events_repository on tag_events (repository_id, id);
    create index tag_events_tag on tag_events (repository_id, tag, id);

    alter table repositories add column immutable_tags text[] not null default '{}';
    comment on column repositories.immutable_tags is 'patterns with * and ?: such tags are not moved and not deleted';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table repositories drop column immutable_tags;
    drop table tag_events;
  `);
}
