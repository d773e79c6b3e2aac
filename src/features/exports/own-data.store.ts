import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { passwordJoins, READABLE } from '../access/policy-sql';

/*
 * The data of an account as JSON texts, a part of it at a time. A list is a query with the account `$1`, the key after
 * which to go on `$2`, and a limit `$3`; it returns the key and the text of each item.
 */

/** The account itself; nothing secret is among its columns. */
const ACCOUNT = `select json_build_object('username', u.username, 'created_at', u.created_at, 'is_admin', u.is_admin,
    'last_seen_at', u.last_seen_at, 'has_second_factor', u.has_second_factor, 'plan', n.plan,
    'default_visibility', n.default_visibility, 'full_name', n.full_name, 'location', n.location, 'company', n.company,
    'profile_url', n.profile_url, 'gravatar_email', n.gravatar_email, 'former_names', array(
      select f.name from former_namespaces f where f.namespace = n.name and f.released_at is null order by f.id)
  )::text as item, now() as at
  from users u join namespaces n on n.owner_id = u.id where u.id = $1`;

/** The name of a repository of others, if the account may still read it. */
const NAME_IF_READABLE = `case when ${READABLE} then r.namespace || '/' || r.name end`;

/** A list whose rows have a number as their key. */
function numbered(key: string, pairs: string, from: string): string {
  return `select (${key})::text as key, json_build_object(${pairs})::text as item ${from}
    and ${key} > $2::bigint order by ${key} limit $3`;
}

/** The names that the account had, and when. */
const NAMES = `(select f.name, coalesce(lag(f.renamed_at) over (order by f.id), u.created_at) as since, f.renamed_at as until
    from former_namespaces f join namespaces n on n.name = f.namespace join users u on u.id = n.owner_id where u.id = $1
  union all
  select u.username, coalesce((select max(f.renamed_at) from former_namespaces f where f.namespace = u.username), u.created_at),
    'infinity' from users u where u.id = $1)`;

const ABOUT_ACCOUNTS = `('login', 'session', 'user', 'token', 'second_factor', 'sign_in', 'git_account', 'oauth')`;

/** The lists in their order, by name. */
export const LISTS = {
  emails: numbered(
    'e.id',
    `'email', e.email, 'is_primary', e.is_primary, 'verified_at', e.verified_at, 'created_at', e.created_at`,
    'from emails e where e.user_id = $1',
  ),
  repositories: numbered(
    'r.id',
    `'name', r.namespace || '/' || r.name, 'visibility', r.visibility, 'state', r.state, 'description', r.description,
     'full_description', r.full_description, 'immutable_tags', r.immutable_tags, 'star_count', r.star_count,
     'created_at', r.created_at, 'updated_at', r.updated_at, 'former_names', array(
       select a.namespace || '/' || a.name from repository_aliases a where a.repository_id = r.id
       order by a.created_at, a.namespace, a.name)`,
    'from repositories r join namespaces n on n.name = r.namespace where n.owner_id = $1',
  ),
  tags: `select r.id || ' ' || t.name as key, json_build_object('repository', r.namespace || '/' || r.name, 'name', t.name,
      'image_id', t.image_id, 'digest', m.digest, 'created_at', t.created_at, 'updated_at', t.updated_at)::text as item
    from namespaces n join repositories r on r.namespace = n.name join tags t on t.repository_id = r.id
      left join manifests m on m.id = t.manifest_id
    where n.owner_id = $1 and (t.repository_id, t.name) > (split_part($2, ' ', 1)::bigint, split_part($2, ' ', 2))
    order by t.repository_id, t.name limit $3`,
  stars: numbered(
    's.id',
    `'repository', ${NAME_IF_READABLE}, 'starred_at', s.starred_at`,
    `from stars s join repositories r on r.id = s.repository_id ${passwordJoins('$1')} where s.user_id = $1`,
  ),
  comments: numbered(
    'c.id',
    `'repository', ${NAME_IF_READABLE}, 'text', c.text, 'created_at', c.created_at`,
    `from comments c join repositories r on r.id = c.repository_id ${passwordJoins('$1')} where c.author_id = $1`,
  ),
  teams: numbered(
    't.id',
    `'organization', t.namespace, 'team', t.name, 'is_owner', t.is_owners, 'since', m.created_at`,
    'from team_members m join teams t on t.id = m.team_id where m.user_id = $1',
  ),
  invitations: numbered(
    'i.id',
    `'organization', t.namespace, 'team', t.name, 'created_at', i.created_at, 'expires_at', i.expires_at`,
    'from invitations i join teams t on t.id = i.team_id where i.user_id = $1',
  ),
  collaborations: numbered(
    'r.id',
    `'repository', r.namespace || '/' || r.name, 'since', c.created_at`,
    'from collaborators c join repositories r on r.id = c.repository_id where c.user_id = $1',
  ),
  access_tokens: numbered(
    't.id',
    `'name', t.name, 'access', t.access, 'repositories', t.repositories, 'created_at', t.created_at,
     'expires_at', t.expires_at, 'last_used_at', t.last_used_at, 'last_used_address', t.last_used_address`,
    'from access_tokens t where t.user_id = $1',
  ),
  sessions: numbered(
    's.id',
    `'created_at', s.created_at, 'last_seen_at', s.last_seen_at, 'expires_at', s.expires_at, 'address', s.address,
     'user_agent', s.user_agent`,
    'from sessions s where s.user_id = $1',
  ),
  identities: numbered(
    'i.id',
    `'issuer', i.issuer, 'subject', i.subject, 'email', i.email, 'created_at', i.created_at, 'last_used_at', i.last_used_at`,
    'from openid_identities i where i.user_id = $1',
  ),
  linked_accounts: numbered(
    'a.id',
    `'provider', a.provider, 'base_url', a.base_url, 'user_id', a.remote_id, 'login', a.login, 'access', a.access,
     'created_at', a.created_at, 'repositories', array(
       select m.full_name from build_remotes m where m.linked_account_id = a.id order by m.full_name)`,
    'from linked_accounts a where a.user_id = $1',
  ),
  applications: numbered(
    'o.id',
    `'name', c.name, 'scopes', o.scopes, 'authorized_at', o.authorized_at, 'last_used_at', o.last_used_at`,
    'from oauth_tokens o join oauth_clients c on c.id = o.client_id where o.user_id = $1',
  ),
  webhooks: numbered(
    'h.id',
    `'repository', r.namespace || '/' || r.name, 'name', h.name, 'urls', h.urls, 'is_active', h.is_active,
     'created_at', h.created_at`,
    `from webhooks h join repositories r on r.id = h.repository_id join namespaces n on n.name = r.namespace
       ${passwordJoins('$1')} where (n.owner_id = $1 or (h.created_by = $1 and ${READABLE}))`,
  ),
  events: numbered(
    'e.id',
    `'at', e.at, 'action', e.action, 'subject', e.subject, 'address', e.address, 'details', e.details`,
    `from audit_events e where e.actor_name = any (array(select name from ${NAMES} names)) and e.actor_id = $1`,
  ),
  events_by_others: numbered(
    'e.id',
    `'at', e.at, 'action', e.action, 'subject', e.subject`,
    `from ${NAMES} names join audit_events e on e.subject = names.name and e.at between names.since and names.until
     where e.actor_id is distinct from $1 and split_part(e.action, '.', 1) in ${ABOUT_ACCOUNTS}`,
  ),
} as const;

export type ListName = keyof typeof LISTS;

/** The account as JSON text, and the moment of the database's clock; undefined: it is gone. */
export async function readAccount(db: Db, userId: number): Promise<{ item: string; at: Date } | undefined> {
  return (await query<{ item: string; at: Date }>(db, ACCOUNT, [userId]))[0];
}

/** The items of a list after a key. @param after - `0` for the first ones */
export async function readItems(
  db: Db,
  list: ListName,
  userId: number,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<{ key: string; item: string }[]> {
  return query<{ key: string; item: string }>(db, LISTS[list], [userId, after, limit]);
}
