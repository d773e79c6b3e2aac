import type { Db } from '../../platform/db/db';
import { query, type Range } from '../../platform/db/query';
import { isShownSql } from '../access/repository-states';
import { CARD_COLUMNS, type CardRow } from './cards.store';
import { IS_OFFICIAL, ORDERS, WITH_TOTALS, type Sort } from './orders';

/** Public repositories that have been pushed to. */
const SHOWN = `r.visibility = 'public' and ${isShownSql('explore')}`;

/** As many rows as may be needed for the page: `$1` is its length, `$2` the number of rows before it. */
const FIRST = 'limit $1::bigint + $2::bigint';

/** Numbers the rows of a list that has an order. */
function part(number: number, list: string): string {
  return `select ${number} as part, row_number() over () as place, id from (${list}) r`;
}

const officialPart = (sort: Sort): string =>
  part(0, `select r.id from ${WITH_TOTALS} where ${SHOWN} and ${IS_OFFICIAL} order by ${ORDERS[sort].by} ${FIRST}`);

function otherPart(sort: Sort): string {
  const { from, walk } = ORDERS[sort];
  return part(1, `select r.id from ${from} where ${SHOWN} and not ${IS_OFFICIAL} order by ${walk} ${FIRST}`);
}

/** Repositories that nobody has pulled or pushed yet have no totals to walk along. */
const WITHOUT_TOTALS = part(
  2,
  `select r.id from repositories r where ${SHOWN} and not ${IS_OFFICIAL}
     and not exists (select from repository_totals p where p.repository_id = r.id) order by r.id ${FIRST}`,
);

async function listParts(db: Db, parts: readonly string[], { limit, offset }: Range): Promise<CardRow[]> {
  const text = `select ${CARD_COLUMNS} from (
      select * from (${parts.join(' union all ')}) listed order by part, place limit $1 offset $2
    ) listed join ${WITH_TOTALS} on r.id = listed.id order by listed.part, listed.place`;
  return query<CardRow>(db, text, [limit, offset]);
}

/** Includes repositories without totals only if there are not enough others: that is rare, and takes longer. */
async function listMostPulled(db: Db, parts: readonly string[], range: Range): Promise<CardRow[]> {
  const rows = await listParts(db, parts, range);
  return rows.length === range.limit ? rows : listParts(db, [...parts, WITHOUT_TOTALS], range);
}

/** All public repositories, official ones first. */
export async function listPublic(db: Db, sort: Sort, range: Range): Promise<CardRow[]> {
  const parts = [officialPart(sort), otherPart(sort)];
  return sort === 'pulls' ? listMostPulled(db, parts, range) : listParts(db, parts, range);
}

/** The most pulled repositories of the library. */
export async function listOfficial(db: Db, limit: number): Promise<CardRow[]> {
  return listParts(db, [officialPart('pulls')], { limit, offset: 0 });
}

/** The most pulled repositories outside the library. */
export async function listPopular(db: Db, limit: number): Promise<CardRow[]> {
  return listMostPulled(db, [otherPart('pulls')], { limit, offset: 0 });
}

export async function countPublic(db: Db): Promise<number> {
  const rows = await query<{ count: number }>(db, `select count(*) as count from repositories r where ${SHOWN}`);
  return rows[0]?.count ?? 0;
}
