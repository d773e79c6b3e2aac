import type { Knex } from 'knex';

/**
 * For a hub with very many repositories:
 *
 * - The image of a popular base is in thousands of them. The first that holds it, and those that only announced it, are
 *   found without reading the others.
 * - The list of a namespace with thousands of repositories reads those of its page, and counts in the index.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index repository_images_holders on repository_images (content_id, id);
    drop index repository_images_content;
    create index repository_images_announced on repository_images (image_id, id) where content_id is null;
    create index repositories_of_namespace on repositories (namespace, updated_at desc, name) 
      include (id, state, visibility, is_remote);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index repositories_of_namespace;
    drop index repository_images_announced;
    create index repository_images_content on repository_images (content_id);
    drop index repository_images_holders;
  `);
}
