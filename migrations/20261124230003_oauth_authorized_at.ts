import type { Knex } from 'knex';

/** When the user said yes: a refresh gives new tokens, and that is no new yes. What was refreshed before is not known. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table oauth_tokens add column authorized_at timestamptz not null default now();
    update oauth_tokens set authorized_at = created_at;
    comment on column oauth_tokens.authorized_at is 'when the user let the client act; a refresh keeps it';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table oauth_tokens drop column authorized_at');
}
