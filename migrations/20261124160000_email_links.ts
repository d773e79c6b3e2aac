import type { Knex } from 'knex';

/** Secrets that were mailed in links, and which accounts wait for one. Only the hash of a secret is kept. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table users add column awaits_confirmation boolean not null default false;
    alter table users add constraint users_waiting_inactive check (not (awaits_confirmation and is_active));
    comment on column users.awaits_confirmation is 'inactive only until an address is confirmed; not deactivated by anybody';

    create table email_links (
      hash bytea primary key check (octet_length(hash) = 32),
      purpose text not null check (purpose in ('confirm', 'reset')),
      email_id bigint not null references emails on delete cascade,
      credentials_epoch integer not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz
    );
    comment on column email_links.credentials_epoch is 'the account''s when the link was made; one to reset ends with it';
    create index email_links_email on email_links (email_id);
    create index email_links_expires on email_links (expires_at);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table email_links;
    alter table users drop column awaits_confirmation;
  `);
}
