import { query } from '../../src/platform/db/query';
import type { Db } from '../../src/platform/db/db';

/* Rows of whole tables, for tests that put a database back as it was. */

/** The schemas that are not those of Postgres itself, in SQL. */
export const OUR_SCHEMAS = `(select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')`;

/** A table, by names that are ready for SQL. */
export interface Table {
  /** with its schema, unless that is `public` */
  readonly name: string;
  /** those that can be written, with commas between them */
  readonly columns: string;
}

/** All tables by name, those of the job queue and of knex among them. */
export async function listTables(db: Db): Promise<Table[]> {
  return query<Table>(
    db,
    `select c.oid::regclass::text as name,
       (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns
     from pg_class c where c.relkind = 'r' and c.relnamespace in ${OUR_SCHEMAS} order by 1`,
    [],
  );
}

/** A statement that writes rows as they were. @param from - of the query that reads them: `from …` */
export function insertSql({ name, columns }: Table, from: string): string {
  return `insert into ${name} (${columns}) overriding system value select ${columns} ${from}`;
}

/** One transaction in which neither triggers nor foreign keys work. */
export function inReplica(statements: readonly string[]): string {
  return ['begin', 'set local session_replication_role = replica', ...statements, 'commit'].join(';\n');
}
