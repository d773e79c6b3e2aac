import type { Knex } from 'knex';

/**
 * What people say of repositories. `repositories.star_count` is kept by the table of stars itself: also when stars go
 * with an account, and whatever happens at once.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table stars (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      user_id bigint not null references users on delete cascade,
      starred_at timestamptz not null default now(),
      unique (repository_id, user_id)
    );
    create index stars_user on stars (user_id, id);

    create function count_stars() returns trigger language plpgsql as $$
    begin
      update repositories r
        set star_count = r.star_count + c.stars * case tg_op when 'INSERT' then 1 else -1 end
        from (select repository_id, count(*) as stars from changed group by repository_id) c
        where r.id = c.repository_id;
      return null;
    end $$;
    create trigger stars_added after insert on stars
      referencing new table as changed for each statement execute function count_stars();
    create trigger stars_removed after delete on stars
      referencing old table as changed for each statement execute function count_stars();

    create table comments (
      id bigint generated always as identity primary key,
      repository_id bigint not null references repositories on delete cascade,
      author_id bigint not null references users on delete cascade,
      text text not null check (char_length(text) between 1 and 4096),
      created_at timestamptz not null default now()
    );
    create index comments_repository on comments (repository_id, id);
    create index comments_author on comments (author_id, created_at);

    create table comment_flags (
      comment_id bigint not null references comments on delete cascade,
      user_id bigint not null references users on delete cascade,
      flagged_at timestamptz not null default now(),
      primary key (comment_id, user_id)
    );
    create index comment_flags_user on comment_flags (user_id);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table comment_flags, comments, stars;
    drop function count_stars();
    update repositories set star_count = 0;
  `);
}
