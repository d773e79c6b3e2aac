import type { Knex } from 'knex';

/**
 * The order of tags in which people read them: 1.2, 1.9, 1.10. Each number in a name gets twenty digits, so that the keys
 * sort like the numbers. Of a longer number the last twenty digits count.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(String.raw`
    create function natural_key(name text) returns text language sql immutable strict parallel safe as $$
      select regexp_replace(
        regexp_replace(name, '([0-9]+)', '00000000000000000000\1', 'g'), '[0-9]*([0-9]{20})', '\1', 'g')
    $$;
    create index tags_natural on tags (repository_id, natural_key(name) collate "C", name);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index tags_natural;
    drop function natural_key(text);
  `);
}
