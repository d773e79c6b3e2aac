import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

/** The sealed secrets of a source. */
export async function findSealed(tx: Db, sourceId: number): Promise<Buffer | null> {
  const text = 'select sealed_secrets from build_sources where id = $1';
  return (await query<{ sealed_secrets: Buffer | null }>(tx, text, [sourceId]))[0]?.sealed_secrets ?? null;
}

export async function setSecrets(
  tx: Db,
  sourceId: number,
  names: readonly string[],
  sealed: Buffer | undefined,
): Promise<void> {
  await query(tx, 'update build_sources set secret_names = $2, sealed_secrets = $3 where id = $1', [
    sourceId,
    names,
    sealed ?? null,
  ]);
}

export async function setArguments(tx: Db, sourceId: number, values: Readonly<Record<string, string>>): Promise<void> {
  await query(tx, 'update build_sources set build_arguments = $2 where id = $1', [sourceId, JSON.stringify(values)]);
}

/** Locks the secrets of all sources that have some. */
export async function lockAllSealed(tx: Db): Promise<{ id: number; sealed_secrets: Buffer }[]> {
  return query<{ id: number; sealed_secrets: Buffer }>(
    tx,
    'select id, sealed_secrets from build_sources where sealed_secrets is not null order by id for no key update',
  );
}

export async function replaceSealed(tx: Db, sourceId: number, sealed: Buffer): Promise<void> {
  await query(tx, 'update build_sources set sealed_secrets = $2 where id = $1', [sourceId, sealed]);
}
