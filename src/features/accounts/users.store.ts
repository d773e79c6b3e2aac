import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { queryShared } from '../../platform/db/shared-query';

export interface UserRow {
  id: number;
  username: string;
  password_hash: string;
  credentials_epoch: number;
  is_active: boolean;
  is_admin: boolean;
  has_second_factor: boolean;
  robot_of: string | null;
  created_at: Date;
  email: string | null;
}

const COLUMNS = `u.id, u.username, u.password_hash, u.credentials_epoch, u.is_active, u.is_admin, u.has_second_factor, u.robot_of, u.created_at,
  (select e.email from emails e where e.user_id = u.id and e.is_primary) as email`;

/** No account has such a name: a login with it is wrong, not malformed. */
function hasNul(name: string): boolean {
  return name.includes('\0');
}

const FIND_BY_USERNAME = {
  name: 'users.find_by_username',
  text: `select ${COLUMNS} from users u where u.username = $1`,
};

export async function findByUsername(db: Db, username: string): Promise<UserRow | undefined> {
  if (hasNul(username)) return undefined;
  return (await queryShared<UserRow>(db, FIND_BY_USERNAME, [username]))[0];
}

const FIND_BY_LOGIN_NAME = {
  name: 'users.find_by_login_name',
  text: `select ${COLUMNS} from users u where u.id = account_named($1)`,
};

/** The same, also by a name that the account had before it was renamed. */
export async function findByLoginName(db: Db, name: string): Promise<UserRow | undefined> {
  if (hasNul(name)) return undefined;
  return (await queryShared<UserRow>(db, FIND_BY_LOGIN_NAME, [name]))[0];
}

export async function listAll(db: Db): Promise<UserRow[]> {
  return query<UserRow>(db, `select ${COLUMNS} from users u where u.robot_of is null order by u.username`);
}

/** Creates the user and claims the namespace of the same name, in one statement: either may already be taken. */
export async function insertUser(
  db: Db,
  user: {
    username: string;
    passwordHash: string;
    isActive: boolean;
    isAdmin: boolean;
    awaitsConfirmation?: boolean;
  },
): Promise<number> {
  const rows = await query<{ owner_id: number }>(
    db,
    `with made as (
       insert into users (username, password_hash, is_active, is_admin, awaits_confirmation)
       values ($1, $2, $3, $4, $5) returning id, username
     )
     insert into namespaces (name, kind, owner_id) select username, 'user', id from made returning owner_id`,
    [user.username, user.passwordHash, user.isActive, user.isAdmin, user.awaitsConfirmation ?? false],
  );
  const id = rows[0]?.owner_id;
  if (id === undefined) throw new Error('insert into users returned no row');
  return id;
}

/** A robot logs in like any other account, but has no namespace. A former name is taken as long as it is held. */
export async function isNameTaken(db: Db, name: string): Promise<boolean> {
  if (hasNul(name)) return false;
  const text = `select 1 from namespaces where name = $1 union all select 1 where account_named($1) is not null
    union all select 1 from former_namespaces where name = $1 and released_at is null limit 1`;
  return (await query(db, text, [name])).length > 0;
}

/** An address to be added to an account. */
export interface NewEmail {
  readonly userId: number;
  readonly address: string;
  readonly isPrimary: boolean;
  readonly isVerified: boolean;
}

export async function insertEmail(db: Db, email: NewEmail): Promise<number> {
  const rows = await query<{ id: number }>(
    db,
    `insert into emails (user_id, email, is_primary, verified_at)
     values ($1, $2, $3, case when $4 then now() end) returning id`,
    [email.userId, email.address, email.isPrimary, email.isVerified],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error('insert into emails returned no row');
  return id;
}

/** The account that has confirmed this address. */
export async function findVerifiedOwner(db: Db, address: string): Promise<number | undefined> {
  const rows = await query<{ user_id: number }>(
    db,
    'select user_id from emails where lower(email) = lower($1) and verified_at is not null',
    [address],
  );
  return rows[0]?.user_id;
}

/** Ends every token and cached credential of the user by raising the epoch. */
export async function updatePassword(db: Db, userId: number, passwordHash: string): Promise<void> {
  await query(
    db,
    `update users set password_hash = $2, credentials_epoch = credentials_epoch + 1, updated_at = now() where id = $1`,
    [userId, passwordHash],
  );
}

/** Fails with a foreign key violation while the namespace has repositories. */
export async function deleteNamespaceOf(tx: Db, userId: number): Promise<void> {
  await query(tx, 'delete from namespaces where owner_id = $1', [userId]);
}

/** Fails with a foreign key violation while the account has a namespace. */
export async function deleteAccount(tx: Db, userId: number): Promise<void> {
  await query(tx, 'delete from users where id = $1', [userId]);
}

/** Whether there is an administrator, active or not. */
export async function adminExists(db: Db): Promise<boolean> {
  return (await query(db, 'select 1 from users where is_admin limit 1')).length > 0;
}
