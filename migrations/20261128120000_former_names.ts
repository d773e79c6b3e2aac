import type { Knex } from 'knex';

/**
 * Names that hosts may pull by stay taken whatever is deleted.
 *
 * `pushed_namespaces` has the name of every namespace in which there was ever anything to pull. Nothing refers to it, so
 * no deletion reaches it: a name that is here and belongs to no namespace is retired, until an administrator frees it.
 *
 * A former name of a repository outlives both its namespace and the repository. Without a repository it is retired,
 * except in the namespace in which the repository was when it was deleted: its owner may use the name again.
 *
 * The triggers hold the promise for every program that writes to these tables, also for one that does not know of it.
 * Those that refuse run after the row was written: a statement that waited for another transaction sees what that did.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table pushed_namespaces (
      name text primary key,
      since timestamptz not null default now()
    );
    comment on table pushed_namespaces is 'names of namespaces that had something to pull; they are not given to others';

    insert into pushed_namespaces (name)
      select r.namespace from repositories r
        where r.state <> 'initialized' or exists (select 1 from tags t where t.repository_id = r.id)
      union select namespace from repository_aliases
      union select split_part(subject, '/', 1) from audit_events
        where action = 'push.finished' and position('/' in subject) > 1;

    create function note_pushed_repository() returns trigger language plpgsql as $$
    begin
      if new.state = 'active' or exists (select 1 from tags t where t.repository_id = new.id) then
        insert into pushed_namespaces (name) values (new.namespace) on conflict do nothing;
      end if;
      return null;
    end $$;
    create trigger repositories_pushed_first after insert on repositories
      for each row when (new.state = 'active') execute function note_pushed_repository();
    create trigger repositories_pushed after update of state, namespace on repositories
      for each row when (new.namespace <> old.namespace or (new.state = 'active' and old.state <> 'active'))
      execute function note_pushed_repository();

    create function note_pushed_tags() returns trigger language plpgsql as $$
    begin
      insert into pushed_namespaces (name)
        select distinct r.namespace from after a join repositories r on r.id = a.repository_id
        where not exists (select 1 from pushed_namespaces p where p.name = r.namespace)
        on conflict do nothing;
      return null;
    end $$;
    create trigger tags_pushed after insert on tags referencing new table as after
      for each statement execute function note_pushed_tags();

    create function refuse_retired_namespace() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from pushed_namespaces p where p.name = new.name) then
        raise exception 'the name % is retired', new.name using errcode = 'unique_violation', constraint = 'retired_names';
      end if;
      return null;
    end $$;
    create trigger namespaces_retired after insert or update of name on namespaces
      for each row execute function refuse_retired_namespace();

    alter table repository_aliases drop constraint repository_aliases_namespace_fkey;
    alter table repository_aliases alter column repository_id drop not null;
    alter table repository_aliases drop constraint repository_aliases_repository_id_fkey;
    alter table repository_aliases add constraint repository_aliases_repository_id_fkey
      foreign key (repository_id) references repositories (id) on delete set null;
    comment on column repository_aliases.repository_id is 'null: the repository is gone, and the name is retired';

    create function release_own_aliases() returns trigger language plpgsql as $$
    begin
      delete from repository_aliases where repository_id = old.id and namespace = old.namespace;
      return old;
    end $$;
    create trigger repositories_release_aliases before delete on repositories
      for each row execute function release_own_aliases();

    create function refuse_former_name() returns trigger language plpgsql as $$
    begin
      if exists (select 1 from repository_aliases a
                 where a.namespace = new.namespace and a.name = new.name and a.repository_id is distinct from new.id) then
        raise exception '%/% is a former name', new.namespace, new.name
          using errcode = 'unique_violation', constraint = 'retired_names';
      end if;
      return null;
    end $$;
    create trigger repositories_former_first after insert on repositories
      for each row execute function refuse_former_name();
    create trigger repositories_former after update of namespace, name on repositories
      for each row when (new.namespace <> old.namespace or new.name <> old.name) execute function refuse_former_name();
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger repositories_former on repositories;
    drop trigger repositories_former_first on repositories;
    drop trigger repositories_release_aliases on repositories;
    drop trigger namespaces_retired on namespaces;
    drop trigger tags_pushed on tags;
    drop trigger repositories_pushed on repositories;
    drop trigger repositories_pushed_first on repositories;
    drop function refuse_former_name, release_own_aliases, refuse_retired_namespace, note_pushed_tags,
      note_pushed_repository;
    delete from repository_aliases a where a.repository_id is null
      or not exists (select 1 from namespaces n where n.name = a.namespace);
    alter table repository_aliases alter column repository_id set not null;
    alter table repository_aliases drop constraint repository_aliases_repository_id_fkey;
    alter table repository_aliases add constraint repository_aliases_repository_id_fkey
      foreign key (repository_id) references repositories (id) on delete cascade;
    alter table repository_aliases add constraint repository_aliases_namespace_fkey
      foreign key (namespace) references namespaces (name) on update cascade on delete cascade;
    drop table pushed_namespaces;
  `);
}
