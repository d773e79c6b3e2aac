import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import { callerJoins, HAS_ROLE, LISTABLE } from '../access/policy-sql';
import { isShownSql } from '../access/repository-states';

const FULL_NAME = `(r.namespace || '/' || r.name) collate "C"`;

/** The full names of repositories, in byte order. */
export async function listNames(
  db: Db,
  identity: Identity | undefined,
  page: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows = await query<{ name: string }>(
    db,
    `select r.namespace || '/' || r.name as name
     from repositories r join namespaces n on n.name = r.namespace ${callerJoins('$1', '$2')}
     where ${FULL_NAME} > $3 and ${isShownSql('apiList', HAS_ROLE)} and ${LISTABLE}
     order by ${FULL_NAME} limit $4`,
    [identity?.userId ?? null, identity?.accessTokenId ?? null, page.after, page.limit],
  );
  return rows.map(({ name }) => name);
}
