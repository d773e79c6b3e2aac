import type { Db } from '../../platform/db/db';
import { query, queryPage, type Page, type Range } from '../../platform/db/query';
import type { Identity, RepositoryName } from '../access/actor';
import type { Visibility } from '../access/policy';
import { callerJoins, HAS_ROLE, LISTABLE } from '../access/policy-sql';
import { isShownSql, type RepositoryState } from '../access/repository-states';
import { WITH_TOTALS } from './orders';

export interface CardRow {
  namespace: string;
  name: string;
  description: string;
  visibility: Visibility;
  state: RepositoryState;
  is_automated: boolean;
  star_count: number;
  pull_count: number;
  created_at: Date;
  updated_at: Date;
}

/** The columns of a `CardRow`. */
export const CARD_COLUMNS = `r.namespace, r.name, r.description, r.visibility, r.state, r.is_automated, r.star_count,
  coalesce(p.pulls, 0) as pull_count, r.created_at, r.updated_at`;

/**
 * The repositories of a namespace that the caller may find in a list, last changed first. An index has all that counting
 * them needs.
 */
export async function listOfNamespace(
  db: Db,
  identity: Identity | undefined,
  wanted: { namespace: string; pattern: string | undefined },
  { limit, offset }: Range,
): Promise<Page<CardRow>> {
  const joins = `join namespaces n on n.name = r.namespace ${callerJoins('$2', '$3')}`;
  const which = `r.namespace = $1 and ${isShownSql('profile', HAS_ROLE)} and ${LISTABLE}
    and ($4::text is null or r.name like $4)`;
  const values = [wanted.namespace, identity?.userId ?? null, identity?.accessTokenId ?? null, wanted.pattern ?? null];
  const list = `select ${CARD_COLUMNS} from ${WITH_TOTALS} ${joins} where ${which}
    order by r.updated_at desc, r.name limit $5 offset $6`;
  const rows = await query<CardRow>(db, list, [...values, limit, offset]);
  const counted = await query<{ count: number }>(
    db,
    `select count(*) as count from repositories r ${joins} where ${which}`,
    values,
  );
  return { total: counted[0]?.count ?? 0, rows };
}

/** The repositories that the caller collaborates on, last changed first. */
export async function listShared(
  db: Db,
  identity: Pick<Identity, 'userId' | 'accessTokenId'>,
  range: Range,
): Promise<Page<CardRow>> {
  return queryPage<CardRow>(
    db,
    `select ${CARD_COLUMNS} from collaborators s join ${WITH_TOTALS} on r.id = s.repository_id
       join namespaces n on n.name = r.namespace ${callerJoins('$1', '$2')}
     where s.user_id = $1::bigint and ${isShownSql('profile', HAS_ROLE)} and ${HAS_ROLE}
     order by r.updated_at desc, r.namespace, r.name`,
    [identity.userId, identity.accessTokenId ?? null],
    range,
  );
}

/** The repositories of these names, in this order, without those that are gone. */
export async function listByName(db: Db, names: readonly RepositoryName[]): Promise<CardRow[]> {
  return query<CardRow>(
    db,
    `select ${CARD_COLUMNS} from unnest($1::text[], $2::text[]) with ordinality as wanted (namespace, name, place)
       join repositories r on r.namespace = wanted.namespace and r.name = wanted.name
       left join repository_totals p on p.repository_id = r.id
     where ${isShownSql('searchPage')} order by wanted.place`,
    [names.map(({ namespace }) => namespace), names.map(({ name }) => name)],
  );
}
