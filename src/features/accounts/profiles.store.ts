import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface ProfileRow {
  id: number;
  username: string;
  created_at: Date;
  is_active: boolean;
  email: string | null;
  full_name: string;
  location: string;
  company: string;
  profile_url: string;
  gravatar_email: string;
}

export type ProfileColumn = 'full_name' | 'location' | 'company' | 'profile_url' | 'gravatar_email';

const COLUMNS: readonly ProfileColumn[] = ['full_name', 'location', 'company', 'profile_url', 'gravatar_email'];

const SELECT = `select u.id, u.username, u.created_at, u.is_active,
    (select e.email from emails e where e.user_id = u.id and e.is_primary) as email,
    ${COLUMNS.map((column) => `n.${column}`).join(', ')}
  from users u join namespaces n on n.owner_id = u.id where u.username = $1`;

export async function find(db: Db, username: string): Promise<ProfileRow | undefined> {
  return (await query<ProfileRow>(db, SELECT, [username]))[0];
}

/** Like `find`; nothing else changes the profile until the transaction ends. */
export async function lock(tx: Db, username: string): Promise<ProfileRow | undefined> {
  return (await query<ProfileRow>(tx, `${SELECT} for update of n`, [username]))[0];
}

export async function update(db: Db, userId: number, profile: Readonly<Record<ProfileColumn, string>>): Promise<void> {
  const assignments = COLUMNS.map((column, index) => `${column} = $${index + 2}`);
  await query(db, `update namespaces set ${assignments.join(', ')} where owner_id = $1`, [
    userId,
    ...COLUMNS.map((column) => profile[column]),
  ]);
}
