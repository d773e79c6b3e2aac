import type { Knex } from 'knex';

/**
 * The second factor of accounts. The secret is sealed under a key that is derived from the server's; of recovery codes
 * only the sha256 is kept. The column of `users` is there so that checking a password reads no second table.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users add column has_second_factor boolean not null default false;

    create table second_factors (
      user_id bigint primary key references users on delete cascade,
      sealed_secret bytea not null,
      confirmed_at timestamptz,
      last_step bigint not null default 0
    );
    comment on column second_factors.confirmed_at is 'null: begun, and not on';
    comment on column second_factors.last_step is 'of the newest code that was used: no code of this step or before is good';

    create table recovery_codes (
      user_id bigint not null references second_factors on delete cascade,
      code_hash bytea not null,
      primary key (user_id, code_hash)
    );
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table recovery_codes, second_factors;
    alter table users drop column has_second_factor;
  `);
}
