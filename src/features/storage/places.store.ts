import type { Db } from '../../platform/db/db';
import { agoSql, query } from '../../platform/db/query';

/** A place that may have bytes which rows need. */
export interface PlaceRow {
  readonly id: string;
  readonly location: string;
  readonly since: Date;
}

/** A process that uses the storage. */
export interface ProcessRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  /** ids of places */
  readonly writesTo: string;
  readonly reads: readonly string[];
}

/** Lets one process at a time read or change which places there are, until its transaction ends. */
export async function lockPlaces(tx: Db): Promise<void> {
  await query(tx, 'lock table storage_places in exclusive mode');
}

export async function listPlaces(db: Db): Promise<PlaceRow[]> {
  return query<{ id: string; location: string; since: Date }>(
    db,
    'select id, location, since from storage_places order by since, id',
  );
}

/** Notes that a place may have bytes; its location may have changed. */
export async function putPlace(db: Db, id: string, location: string): Promise<void> {
  await query(
    db,
    `insert into storage_places (id, location) values ($1, $2)
     on conflict (id) do update set location = excluded.location where storage_places.location <> excluded.location`,
    [id, location],
  );
}

/** @returns false when there was none */
export async function removePlace(db: Db, id: string): Promise<boolean> {
  const rows = await query(db, 'delete from storage_places where id = $1 returning id', [id]);
  return rows.length > 0;
}

export async function addProcess(db: Db, process: Omit<ProcessRow, 'id'>): Promise<string> {
  const rows = await query<{ id: string }>(
    db,
    'insert into storage_processes (host, pid, writes_to, reads) values ($1, $2, $3, $4) returning id::text',
    [process.host, process.pid, process.writesTo, process.reads],
  );
  return rows[0]?.id ?? '';
}

/** A sign of life. @returns false when the process was forgotten */
export async function touchProcess(db: Db, id: string): Promise<boolean> {
  const rows = await query(db, 'update storage_processes set seen_at = now() where id = $1 returning id', [id]);
  return rows.length > 0;
}

export async function removeProcess(db: Db, id: string): Promise<void> {
  await query(db, 'delete from storage_processes where id = $1', [id]);
}

/** Those with a sign of life within this time. */
export async function listProcesses(db: Db, withinMs: number): Promise<ProcessRow[]> {
  return query<{ id: string; host: string; pid: number; writesTo: string; reads: string[] }>(
    db,
    `select id::text, host, pid, writes_to as "writesTo", reads from storage_processes
     where seen_at >= ${agoSql('$1')} order by id`,
    [withinMs],
  );
}

export async function forgetProcesses(db: Db, ageMs: number): Promise<void> {
  await query(db, `delete from storage_processes where seen_at < ${agoSql('$1')}`, [ageMs]);
}
