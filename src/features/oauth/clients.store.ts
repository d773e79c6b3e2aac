import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface ClientRow {
  id: number;
  client_id: string;
  secret_hash: Buffer;
  name: string;
  redirect_uris: string[];
  created_at: Date;
}

export async function insert(
  db: Db,
  client: { clientId: string; secretHash: Buffer; name: string; redirectUris: readonly string[] },
): Promise<ClientRow> {
  const rows = await query<ClientRow>(
    db,
    'insert into oauth_clients (client_id, secret_hash, name, redirect_uris) values ($1, $2, $3, $4) returning *',
    [client.clientId, client.secretHash, client.name, client.redirectUris],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('insert into oauth_clients returned no row');
  return row;
}

export async function find(db: Db, clientId: string): Promise<ClientRow | undefined> {
  return (await query<ClientRow>(db, 'select * from oauth_clients where client_id = $1', [clientId]))[0];
}

/** The clients by name; all of them without a limit. */
export async function list(db: Db, range: { limit?: number; offset?: number } = {}): Promise<ClientRow[]> {
  return query<ClientRow>(db, 'select * from oauth_clients order by name, id limit $1 offset $2', [
    range.limit ?? null,
    range.offset ?? 0,
  ]);
}

export async function count(db: Db): Promise<number> {
  return (await query<{ count: number }>(db, 'select count(*) as count from oauth_clients'))[0]?.count ?? 0;
}

/** Deletes a client, with all its codes and tokens. */
export async function remove(db: Db, clientId: string): Promise<ClientRow | undefined> {
  return (await query<ClientRow>(db, 'delete from oauth_clients where client_id = $1 returning *', [clientId]))[0];
}
