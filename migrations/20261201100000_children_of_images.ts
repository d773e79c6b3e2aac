import type { Knex } from 'knex';

/**
 * Gc deletes an image only if its repository has no child of it. A hash index, because ids are long, and nobody sorts
 * by them: it has a quarter of the size.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index image_contents_parent on image_contents using hash (parent_id)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index image_contents_parent');
}
