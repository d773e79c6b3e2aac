import type { Knex } from 'knex';

/** Manifests are found by their config: an image of v1 that is pushed back over v2 may come in another manifest. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('create index manifests_config on manifests (repository_id, config_digest)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index manifests_config');
}
