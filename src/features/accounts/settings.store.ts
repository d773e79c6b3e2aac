import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export async function findSetting(db: Db, key: string): Promise<string | undefined> {
  return (await query<{ value: string }>(db, 'select value from settings where key = $1', [key]))[0]?.value;
}

/** Stores `value` unless the setting has a value already; resolves to the stored one. */
export async function ensureSetting(db: Db, key: string, value: string): Promise<string> {
  await query(db, 'insert into settings (key, value) values ($1, $2) on conflict (key) do nothing', [key, value]);
  const stored = await findSetting(db, key);
  if (stored === undefined) throw new Error(`the setting ${key} vanished`);
  return stored;
}

/** The value of a setting that exists; the row is locked until the transaction ends. */
export async function lockSetting(tx: Db, key: string, strength: 'share' | 'update'): Promise<string> {
  const rows = await query<{ value: string }>(tx, `select value from settings where key = $1 for ${strength}`, [key]);
  const stored = rows[0]?.value;
  if (stored === undefined) throw new Error(`the setting ${key} vanished`);
  return stored;
}

export async function changeSetting(tx: Db, key: string, value: string): Promise<void> {
  await query(tx, 'update settings set value = $2 where key = $1', [key, value]);
}
