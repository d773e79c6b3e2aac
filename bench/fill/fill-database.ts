/*
 * Fills a Drydock's database as if very many people had used it for years. Only SQL is fast enough for that; it relies on
 * the schema of `migrations/`. Nothing of it has bytes in the store.
 *
 * Few repositories have many images, stars and pulls, and few users many repositories. The first image of many
 * repositories is one of a few popular ones, and few words are in many descriptions. `PROBES` repositories have the same
 * shape in every data set, so that what they cost can be compared.
 */
import type { Drydock } from '../servers/drydock';
import { fillAccounts, fillRepositories, fillStars } from './repositories-sql';
import { fillImages, fillTags } from './images-sql';
import { fillManifests } from './manifests-sql';
import { fillHistory } from './history-sql';
import type { Sizes } from './sizes';

/** The tables that get most rows. Their indexes are created at the end, which takes a fraction of the time. */
const LARGE_TABLES = `'repositories', 'image_contents', 'repository_images', 'blobs', 'tags', 'tag_events', 'manifests',
  'manifest_blobs', 'repository_blobs', 'stars', 'audit_events', 'repository_activity', 'repository_totals', 'image_manifests'`;

/** Primary keys stay: foreign keys need them, and rows arrive in their order. */
const DROP_INDEXES = `do $$ declare each record; begin
    create unlogged table bench_indexes (definition text);
    for each in select c.conrelid::regclass as owner, c.conname, pg_get_constraintdef(c.oid) as definition
        from pg_constraint c where c.contype = 'u' and c.conrelid::regclass::text in (${LARGE_TABLES})
          and not exists (select from pg_constraint f where f.contype = 'f' and f.conindid = c.conindid) loop
      insert into bench_indexes values (format('alter table %s add constraint %I %s', each.owner, each.conname, each.definition));
      execute format('alter table %s drop constraint %I', each.owner, each.conname);
    end loop;
    for each in select i.indexrelid::regclass as name, pg_get_indexdef(i.indexrelid) as definition from pg_index i
        where i.indrelid::regclass::text in (${LARGE_TABLES})
          and not exists (select from pg_constraint c where c.conindid = i.indexrelid) loop
      insert into bench_indexes values (each.definition);
      execute format('drop index %s', each.name);
    end loop;
  end $$`;

const CREATE_INDEXES = `do $$ declare each record; begin
    for each in select definition from bench_indexes loop execute each.definition; end loop;
    drop table bench_indexes;
  end $$`;

/** Nobody checks references of rows that are consistent by construction, and no trigger runs. */
const PREPARE = [
  'set session_replication_role = replica',
  'set synchronous_commit = off',
  `set maintenance_work_mem = '1GB'`,
  `set work_mem = '256MB'`,
  'set jit = off',
  'select setseed(0.5)',
];

const RENEW_SEQUENCES = `do $$ declare each record; begin
    for each in select table_name, column_name from information_schema.columns
        where table_schema = 'public' and is_identity = 'YES' loop
      execute format('select setval(pg_get_serial_sequence(%L, %L), (select coalesce(max(%I), 0) + 1 from %I), false)',
        each.table_name, each.column_name, each.column_name, each.table_name);
    end loop;
  end $$`;

/** @param progress - gets a line for each part */
export async function fillDatabase(server: Drydock, sizes: Sizes, progress: (line: string) => void): Promise<void> {
  const parts: readonly (readonly [name: string, statements: readonly string[]])[] = [
    ['dropping indexes', [DROP_INDEXES]],
    ['accounts', fillAccounts(sizes)],
    ['stars', fillStars(sizes)],
    ['repositories', fillRepositories(sizes)],
    ['images', fillImages(sizes)],
    ['tags', fillTags()],
    ['manifests', fillManifests(sizes)],
    ['history', fillHistory(sizes)],
    ['creating indexes', [RENEW_SEQUENCES, CREATE_INDEXES]],
    ['vacuum', ['drop table bench_images, bench_chains, bench_stars, bench_words', 'vacuum analyze', 'checkpoint']],
  ];
  await server.session(async (run) => {
    for (const statement of PREPARE) await run(statement);
    for (const [name, statements] of parts) {
      const startedAt = performance.now();
      for (const statement of statements) await run(statement);
      progress(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    }
  });
}
