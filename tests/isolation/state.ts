import { createHash } from 'node:crypto';
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Db } from '../../src/platform/db/db';
import { query } from '../../src/platform/db/query';
import { inReplica, insertSql, listTables, type Table } from '../helpers/tables';

/*
 * The contents of the tables, to check that nothing changed, and to undo a permitted change.
 */

/** Columns that any request may write: the last use of credentials, and failed logins. */
const VOLATILE = ['last_used_at', 'last_used_address', 'last_seen_at'];
const IGNORED = new Set(['rate_limits', 'failure_counts', 'knex_migrations', 'knex_migrations_lock']);

async function tablesOf(db: Db): Promise<Table[]> {
  return (await listTables(db)).filter(({ name }) => !name.includes('.') && !IGNORED.has(name));
}

/** Every row of every table, as text that does not depend on the order of rows. */
export async function readState(db: Db): Promise<ReadonlyMap<string, string>> {
  const tables = (await tablesOf(db)).map(({ name }) => name);
  const without = VOLATILE.map((name) => `'${name}'`).join(', ');
  const selects = tables.map((table) => {
    const where = table === 'audit_events' ? `where t.action not like 'login.%'` : '';
    return `select '${table}' as name, coalesce(string_agg(x.line, E'\\n' order by x.line), '') as text
      from (select (to_jsonb(t) - array[${without}])::text as line from public.${table} t ${where}) x`;
  });
  const rows = await query<{ name: string; text: string }>(db, selects.join(' union all '), []);
  return new Map(rows.map(({ name, text }) => [name, text]));
}

/** A short text that differs if the tables do. */
export function digestOf(state: ReadonlyMap<string, string>): string {
  return createHash('sha256')
    .update(JSON.stringify([...state]))
    .digest('hex');
}

/** The rows that appeared and disappeared between two states, each as a line. */
export function changesBetween(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].flatMap(([table, text]) => {
    const old = new Set((before.get(table) ?? '').split('\n'));
    const now = new Set(text.split('\n'));
    return [
      ...[...old].filter((line) => !now.has(line)).map((line) => `${table} - ${line.slice(0, 300)}`),
      ...[...now].filter((line) => !old.has(line)).map((line) => `${table} + ${line.slice(0, 300)}`),
    ];
  });
}

/**
 * Keeps a copy of all tables, and of the bytes of uploads that are not finished.
 *
 * @returns a function that restores the copy, in one transaction
 */
export async function keepState(db: Db, blobDir: string): Promise<() => Promise<void>> {
  const [uploads, kept] = ['resumable', 'kept'].map((name) => path.join(blobDir, name)) as [string, string];
  await cp(uploads, kept, { recursive: true });
  await db.raw('create schema kept');
  const tables = await tablesOf(db);
  for (const { name } of tables) await db.raw(`create table kept.${name} as table ${name}`);
  const deletions = tables.map(({ name }) => `delete from ${name}`);
  const script = inReplica([...deletions, ...tables.map((table) => insertSql(table, `from kept.${table.name}`))]);
  return async () => {
    await db.raw(script);
    await rm(uploads, { recursive: true });
    await cp(kept, uploads, { recursive: true });
  };
}
