import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';

export interface OrganizationProfileRow {
  name: string;
  created_at: Date;
  full_name: string;
  location: string;
  company: string;
  profile_url: string;
  gravatar_email: string;
}

const SELECT = `select name, created_at, full_name, location, company, profile_url, gravatar_email
  from namespaces where name = $1 and kind = 'organization'`;

export async function find(db: Db, name: string): Promise<OrganizationProfileRow | undefined> {
  return (await query<OrganizationProfileRow>(db, SELECT, [name]))[0];
}

/** Like `find`; nothing else changes the profile until the transaction ends. */
export async function lock(tx: Db, name: string): Promise<OrganizationProfileRow | undefined> {
  return (await query<OrganizationProfileRow>(tx, `${SELECT} for no key update`, [name]))[0];
}

export async function update(tx: Db, profile: Omit<OrganizationProfileRow, 'created_at'>): Promise<void> {
  await query(
    tx,
    `update namespaces set full_name = $2, location = $3, company = $4, profile_url = $5, gravatar_email = $6
     where name = $1`,
    [profile.name, profile.full_name, profile.location, profile.company, profile.profile_url, profile.gravatar_email],
  );
}
