import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface SealedRow {
  id: number;
  sealed_credential: Buffer | null;
  sealed_hook_secret: Buffer;
}

/** Locks the secrets of all sources. */
export async function lockAllSealed(tx: Db): Promise<SealedRow[]> {
  return query<SealedRow>(
    tx,
    'select id, sealed_credential, sealed_hook_secret from build_sources order by id for no key update',
  );
}

/** Replaces the secrets of a source. @param sealed.credential - undefined: it has none */
export async function replaceSealed(
  tx: Db,
  id: number,
  sealed: { readonly credential: Buffer | undefined; readonly hookSecret: Buffer },
): Promise<void> {
  await query(tx, 'update build_sources set sealed_credential = $2, sealed_hook_secret = $3 where id = $1', [
    id,
    sealed.credential ?? null,
    sealed.hookSecret,
  ]);
}
