import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface PolicyRow {
  allows_network: boolean;
  build_arguments: Record<string, string>;
}

export async function find(db: Db, namespace: string): Promise<PolicyRow | undefined> {
  const text = 'select allows_network, build_arguments from build_policies where namespace = $1';
  return (await query<PolicyRow>(db, text, [namespace]))[0];
}

export async function save(tx: Db, namespace: string, row: PolicyRow): Promise<void> {
  await query(
    tx,
    `insert into build_policies (namespace, allows_network, build_arguments) values ($1, $2, $3)
     on conflict (namespace) do update set allows_network = excluded.allows_network,
       build_arguments = excluded.build_arguments, changed_at = now()`,
    [namespace, row.allows_network, JSON.stringify(row.build_arguments)],
  );
}

/** @returns false when there is none */
export async function remove(tx: Db, namespace: string): Promise<boolean> {
  return (await query(tx, 'delete from build_policies where namespace = $1 returning 1', [namespace])).length > 0;
}
