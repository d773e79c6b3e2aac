import type { Knex } from 'knex';

/**
 * The names that namespaces had before they were renamed. As long as the namespace exists, nobody else can take such a
 * name, and an account can still log in with it.
 *
 * An update of a name is refused by a trigger of its own, which has to run before the foreign keys cascade the new name
 * to the repositories: they note it among the names that hosts may pull by. Postgres runs triggers in the order of
 * their names, and those of foreign keys begin with `RI_`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table former_namespaces (
      id bigint generated always as identity primary key,
      name text not null,
      namespace text not null references namespaces (name) on update cascade on delete cascade,
      renamed_at timestamptz not null default now(),
      released_at timestamptz
    );
    create unique index former_namespaces_held on former_namespaces (name) where released_at is null;
    create index former_namespaces_namespace on former_namespaces (namespace, renamed_at);
    comment on table former_namespaces is 'names that namespaces had before they were renamed';
    comment on column former_namespaces.released_at is
      'null: the name is held for the namespace; otherwise the row only counts as a rename';

    create function account_named(given text) returns bigint language sql stable as $$
      select coalesce(
        (select u.id from users u where u.username = given),
        (select n.owner_id from former_namespaces f join namespaces n on n.name = f.namespace
         where f.name = given and f.released_at is null),
        (select robot.id from former_namespaces f join users robot on robot.robot_of = f.namespace
         where position('+' in given) > 0 and f.name = split_part(given, '+', 1) and f.released_at is null
           and robot.username = f.namespace || substr(given, length(f.name) + 1)))
    $$;
    comment on function account_named is 'the account or robot that has this name, or had it before it was renamed';

    create or replace function refuse_retired_namespace() returns trigger language plpgsql as $$
    declare
      own text := case when tg_op = 'UPDATE' then old.name end;
      holder text := (select f.namespace from former_namespaces f where f.name = new.name and f.released_at is null);
    begin
      if holder is not null then
        if holder is not distinct from own then return null; end if;
        raise exception 'the name % is held for %', new.name, holder
          using errcode = 'unique_violation', constraint = 'former_names';
      end if;
      if exists (select 1 from pushed_namespaces p where p.name = new.name) then
        raise exception 'the name % is retired', new.name using errcode = 'unique_violation', constraint = 'retired_names';
      end if;
      return null;
    end $$;
    drop trigger namespaces_retired on namespaces;
    create trigger namespaces_retired after insert on namespaces
      for each row execute function refuse_retired_namespace();
    create trigger "A_namespaces_retired" after update of name on namespaces
      for each row when (new.name <> old.name) execute function refuse_retired_namespace();

    create or replace function release_own_aliases() returns trigger language plpgsql as $$
    begin
      delete from repository_aliases a where a.repository_id = old.id and (a.namespace = old.namespace or exists (
        select 1 from former_namespaces f
        where f.name = a.namespace and f.namespace = old.namespace and f.released_at is null));
      return old;
    end $$;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function release_own_aliases() returns trigger language plpgsql as $$
    begin
      delete from repository_aliases where repository_id = old.id and namespace = old.namespace;
      return old;
    end $$;
    drop trigger "A_namespaces_retired" on namespaces;
    drop trigger namespaces_retired on namespaces;
    create or replace function refuse_retired_namespace() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from pushed_namespaces p where p.name = new.name) then
        raise exception 'the name % is retired', new.name using errcode = 'unique_violation', constraint = 'retired_names';
      end if;
      return null;
    end $$;
    create trigger namespaces_retired after insert or update of name on namespaces
      for each row execute function refuse_retired_namespace();
    drop function account_named;
    drop table former_namespaces;
  `);
}
