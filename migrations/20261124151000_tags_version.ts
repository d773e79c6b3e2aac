import type { Knex } from 'knex';

/**
 * A mark on each repository that is another one after every change of its tags, so that a process which has the list
 * ready can tell whether it is still the list. Drawn at random: a number that counts up would be the same again after a
 * backup was brought back. A trigger, for no statement may forget it; it locks the repository's row, so whoever changes
 * tags locks that first, as whoever deletes the repository does. Pages keep room for a new version of a row, so that its
 * index entries can stay as they are.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table repositories add column tags_version uuid not null default gen_random_uuid();
    comment on column repositories.tags_version is 'another one after every change of its tags; set by triggers on tags';

    alter table repositories set (fillfactor = 80);

    create function renew_tags_version() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        update repositories set tags_version = gen_random_uuid()
          where id in (select repository_id from before union select repository_id from after);
      elsif tg_op = 'DELETE' then
        update repositories set tags_version = gen_random_uuid() where id in (select repository_id from before);
      else
        update repositories set tags_version = gen_random_uuid() where id in (select repository_id from after);
      end if;
      return null;
    end $$;

    create trigger tags_inserted after insert on tags referencing new table as after
      for each statement execute function renew_tags_version();
    create trigger tags_updated after update on tags referencing old table as before new table as after
      for each statement execute function renew_tags_version();
    create trigger tags_deleted after delete on tags referencing old table as before
      for each statement execute function renew_tags_version();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger tags_inserted on tags;
    drop trigger tags_updated on tags;
    drop trigger tags_deleted on tags;
    drop function renew_tags_version;
    alter table repositories reset (fillfactor);
    alter table repositories drop column tags_version;
  `);
}
