import type { Knex } from 'knex';

/**
 * The order of search results as an index: a search for a common word reads the first few of it and is done. For rare
 * words there is `repositories_search`, which new entries now reach at once: searches would have to read a list of the
 * ones that wait.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index repositories_rank;
    create index repositories_rank on repositories (
      star_count desc,
      (case namespace when 'library' then name else namespace || '/' || name end collate "C")
    ) where state <> 'deleting';
    alter index repositories_search set (fastupdate = off);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    alter index repositories_search reset (fastupdate);
    drop index repositories_rank;
    create index repositories_rank on repositories (star_count desc, namespace, name);
  `);
}
