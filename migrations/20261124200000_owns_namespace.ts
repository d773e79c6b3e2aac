import type { Knex } from 'knex';

/** Whether a namespace is an account's, for queries that seldom need to know and had better not join it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create function owns_namespace(account bigint, namespace text) returns boolean
      language sql stable parallel safe as $$
        select exists (
          select 1 from namespaces n
          where n.name = namespace
            and (n.owner_id = account or (n.kind = 'organization' and owns_organization(account, n.name))))
      $$;
    comment on function owns_namespace is 'whether the account owns the user namespace or the organization';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop function owns_namespace');
}
