import type { Db } from '../../platform/db/db';
import { queryShared } from '../../platform/db/shared-query';
import type { Identity } from './actor';
import { CALLER_COLUMNS, callerJoins, type CallerRow } from './policy-sql';

const FIND_CALLER = {
  name: 'users.find_caller',
  text: `select ${CALLER_COLUMNS} from (select) asked ${callerJoins('$1', '$2')}`,
};

/** The account as it is now, with the access token that it uses; all null when either has ended. */
export async function findCaller(db: Db, identity: Identity): Promise<CallerRow> {
  const rows = await queryShared<CallerRow>(db, FIND_CALLER, [identity.userId, identity.accessTokenId ?? null]);
  const row = rows[0];
  if (row === undefined) throw new Error('the caller query returned no row');
  return row;
}
