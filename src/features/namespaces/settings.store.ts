import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Visibility } from '../access/policy';

export interface SettingsRow {
  name: string;
  kind: 'library' | 'user' | 'organization' | 'remote';
  plan: string;
  default_visibility: Visibility;
  private_repositories: number | null;
  used: number;
}

export async function findSettings(db: Db, namespace: string): Promise<SettingsRow | undefined> {
  const rows = await query<SettingsRow>(
    db,
    `select n.name, n.kind, n.plan, n.default_visibility, p.private_repositories,
       (select count(*) from repositories r where r.namespace = n.name and r.visibility = 'private') as used
     from namespaces n join plans p on p.name = n.plan where n.name = $1`,
    [namespace],
  );
  return rows[0];
}

export async function updateDefaultVisibility(tx: Db, namespace: string, visibility: Visibility): Promise<void> {
  await query(tx, 'update namespaces set default_visibility = $2 where name = $1', [namespace, visibility]);
}
