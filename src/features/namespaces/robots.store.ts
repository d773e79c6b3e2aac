import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';
import { NO_PASSWORD } from '../accounts/no-password';

export interface RobotRow {
  id: number;
  username: string;
  created_at: Date;
}

/** Fails with a unique violation when there is a robot of this name. */
export async function insertRobot(tx: Db, organization: string, username: string): Promise<RobotRow> {
  const rows = await query<RobotRow>(
    tx,
    `insert into users (username, password_hash, robot_of) values ($1, $2, $3) returning id, username, created_at`,
    [username, NO_PASSWORD, organization],
  );
  const row = rows[0];
  if (row === undefined) throw new Error('insert into users returned no row');
  return row;
}

/** The robots by name. */
export async function listRobots(db: Db, organization: string, range: Range): Promise<Page<RobotRow>> {
  const text = 'select id, username, created_at from users where robot_of = $1 order by username';
  return queryPage<RobotRow>(db, text, [organization], range);
}

export async function findRobot(db: Db, organization: string, username: string): Promise<RobotRow | undefined> {
  const rows = await query<RobotRow>(
    db,
    'select id, username, created_at from users where robot_of = $1 and username = $2',
    [organization, username],
  );
  return rows[0];
}

/** @returns false when the organization has no robot of this name */
export async function deleteRobot(tx: Db, organization: string, username: string): Promise<boolean> {
  const rows = await query(tx, 'delete from users where robot_of = $1 and username = $2 returning id', [
    organization,
    username,
  ]);
  return rows.length > 0;
}
