import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** Stores `value` unless the setting has a value already; resolves to the stored one. */
export async function ensureSetting(db: Db, key: string, value: string): Promise<string> {
  await query(db, 'insert into settings (key, value) values ($1, $2) on conflict (key) do nothing', [key, value]);
  const rows = await query<{ value: string }>(db, 'select value from settings where key = $1', [key]);
  const stored = rows[0]?.value;
  if (stored === undefined) throw new Error(`the setting ${key} vanished`);
  return stored;
}
