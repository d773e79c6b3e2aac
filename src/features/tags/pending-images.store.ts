import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export async function insertPending(tx: Db, manifestId: number): Promise<void> {
  await query(tx, 'insert into pending_images (manifest_id) values ($1) on conflict do nothing', [manifestId]);
}
