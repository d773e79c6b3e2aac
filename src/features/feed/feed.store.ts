import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { Identity } from '../access/actor';
import { callerJoins, HAS_ROLE, LISTABLE, READABLE } from '../access/policy-sql';
import { isShownSql } from '../access/repository-states';

export type EventKind = 'comment' | 'repository' | 'star' | 'tag';

export interface FeedRow {
  kind: EventKind;
  id: number;
  namespace: string;
  name: string;
  /** null: not known */
  actor: string | null;
  /** the tag, or the beginning of the comment */
  detail: string;
  /** of a tag: there was none before, or there is none after it */
  change: 'new' | 'moved' | 'deleted' | null;
  at: Date;
  /** `at` in microseconds, which a `Date` does not have */
  at_us: string;
}

/** The last event of a page. */
export type Position = Pick<FeedRow, 'at_us' | 'kind' | 'id'>;

/** The most characters of a comment. */
const EXCERPT = 200;

/** The most repositories whose events are read: those that changed last. */
const REPOSITORIES = 500;

/** The repositories of the account: those that it owns, works on, or has starred. */
const OWN = `select r.id, false as is_starred from repositories r where r.namespace in (
      select name from namespaces where owner_id = $1::bigint
      union select t.namespace from team_members m join teams t on t.id = m.team_id where m.user_id = $1::bigint
    )
    union select repository_id, false from collaborators where user_id = $1::bigint
    union select repository_id, true from stars where user_id = $1::bigint`;

/** Those of them that the account may read now, whatever it could read when it starred them. */
const MINE = `select r.id, r.namespace, r.name, r.created_at
    from repositories r join namespaces n on n.name = r.namespace ${callerJoins('$1', '$2')}
      join (select id, bool_or(is_starred) as is_starred from (${OWN}) own group by id) own on own.id = r.id
    where ${isShownSql('profile', HAS_ROLE)} and (${LISTABLE} or (own.is_starred and ${READABLE}))
    order by r.updated_at desc limit ${REPOSITORIES}`;

/** The events of one kind in a repository `r`, before the position `$3`, `$4`, `$5` if there is one. */
function latest(kind: EventKind, source: string, columns: { at: string; id: string; rest: string }): string {
  const { at, id, rest } = columns;
  return `(select '${kind}' as kind, ${id} as id, ${at} as at, ${rest} from ${source}
      and ($3::bigint is null
        or (${at} <= position.at and (${at}, '${kind}', ${id}) < (position.at, $4::text, $5::bigint)))
    order by ${at} desc, ${id} desc limit $6)`;
}

const TAGS = latest('tag', 'tag_events e where e.repository_id = r.id', {
  at: 'e.at',
  id: 'e.id',
  rest: `e.actor_name as actor, e.tag as detail, case
      when coalesce(e.to_digest, e.to_image_id) is null then 'deleted'
      when coalesce(e.from_digest, e.from_image_id) is null then 'new' else 'moved' end as change`,
});

const COMMENTS = latest('comment', 'comments e join users u on u.id = e.author_id where e.repository_id = r.id', {
  at: 'e.created_at',
  id: 'e.id',
  rest: `u.username, left(e.text, ${EXCERPT}), null`,
});

const STARS = latest('star', 'stars e join users u on u.id = e.user_id where e.repository_id = r.id', {
  at: 'e.starred_at',
  id: 'e.id',
  rest: `u.username, '', null`,
});

const REPOSITORY = latest('repository', '(select) e where true', {
  at: 'r.created_at',
  id: 'r.id',
  rest: `null, '', null`,
});

/** The events in the repositories of the account, the newest first. */
export async function listEvents(
  db: Db,
  identity: Pick<Identity, 'userId' | 'accessTokenId'>,
  before: Position | undefined,
  limit: number,
): Promise<FeedRow[]> {
  const text = `with mine as (${MINE}),
      position as (select timestamptz 'epoch' + $3::bigint * interval '1 microsecond' as at)
    select e.kind, e.id, r.namespace, r.name, e.actor, e.detail, e.change, e.at,
      (extract(epoch from e.at) * 1000000)::bigint::text as at_us
    from mine r cross join position cross join lateral (
      ${[TAGS, COMMENTS, STARS, REPOSITORY].join(' union all ')}
    ) e
    order by e.at desc, e.kind desc, e.id desc limit $6`;
  const { userId, accessTokenId } = identity;
  const place = [before?.at_us ?? null, before?.kind ?? null, before?.id ?? null];
  return query<FeedRow>(db, text, [userId, accessTokenId ?? null, ...place, limit]);
}
