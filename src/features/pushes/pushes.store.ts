import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import { isAliveSql } from './living-pushes-sql';
import type { UntoldTag } from './tellings';

/** The pusher, as the requests of the push identify them. */
export interface Pusher {
  readonly caller: string;
  /** the nonce of the token; undefined: the push uses no token */
  readonly token: string | undefined;
  readonly userId: number | undefined;
}

const USERNAME = (userId: string): string => `coalesce((select username from users where id = ${userId}), '')`;

export async function insertPush(
  db: Db,
  repositoryId: number,
  pusher: Pusher,
  imageIds: readonly string[],
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await query(
    db,
    `insert into pushes (repository_id, caller, token, pusher, image_ids, tags)
     values ($1, $2, $3, ${USERNAME('$4')}, $5, $6)`,
    [repositoryId, pusher.caller, pusher.token ?? null, pusher.userId ?? null, imageIds, JSON.stringify(tags)],
  );
}

/**
 * The push that a request for an image belongs to, as SQL: the push of its token; without a token, or if no opening
 * that gave the token is known, the pushes of the caller that announced the image.
 */
const IS_OF = `p.repository_id = $1 and (p.token = $3
  or p.caller = $2 and ($3::text is null or p.token is null) and $4 = any (p.image_ids))`;

/** Records a sign of life of a push that has not ended; a late one changes nothing. */
export async function keepAlive(db: Db, repositoryId: number, pusher: Pusher, imageId: string): Promise<void> {
  await query(db, `update pushes p set seen_at = now() where ${IS_OF}`, [
    repositoryId,
    pusher.caller,
    pusher.token ?? null,
    imageId,
  ]);
}

/** Records a sign of life; creates the push if there is none. */
export async function noteSign(db: Db, repositoryId: number, pusher: Pusher, imageId: string): Promise<void> {
  await query(
    db,
    `with seen as (
       update pushes p set seen_at = now(), ended_at = null,
         image_ids = case when $4 = any (p.image_ids) then p.image_ids else p.image_ids || $4::text end
       where ${IS_OF} returning 1
     )
     insert into pushes (repository_id, caller, token, pusher, image_ids)
     select $1::bigint, $2, $3, ${USERNAME('$5')}, array[$4] where not exists (select from seen)`,
    [repositoryId, pusher.caller, pusher.token ?? null, imageId, pusher.userId ?? null],
  );
}

/**
 * Records that a push set a tag. If it may belong to several pushes, those that announced the tag come first, then
 * those that have not set it yet, then the latest. A repetition changes nothing: the answer was lost.
 */
export async function recordTag(
  db: Db,
  repositoryId: number,
  pusher: Pusher,
  tag: string,
  imageId: string,
): Promise<void> {
  await query(
    db,
    `with mine as (
       select p.id from pushes p where ${IS_OF}
       order by (p.token is not null and p.token = $3) desc, coalesce(p.tags ->> $5 = $4, false) desc,
         exists (select from push_tags s where s.push_id = p.id and s.tag = $5), p.id desc
       limit 1
     ), seen as (
       update pushes p set seen_at = now(), ended_at = null from mine where p.id = mine.id
     )
     insert into push_tags as s (repository_id, push_id, tag, image_id) select $1, id, $5, $4 from mine
     on conflict (push_id, tag) do update
       set id = excluded.id, image_id = excluded.image_id, told_at = null where s.image_id <> excluded.image_id`,
    [repositoryId, pusher.caller, pusher.token ?? null, imageId, tag],
  );
}

/** A push that has not ended, or has tags that were not reported; `pushes.ts` says what reporting is. */
export interface OpenPush {
  id: number;
  token: string | null;
  pusher: string;
  image_ids: string[];
  /** the tags that it announced */
  tags: Record<string, string>;
  /** the tags that it set */
  set_tags: Record<string, string>;
  /** it set tags, and all of them were reported */
  is_told: boolean;
  /** all images that it announced are complete */
  is_uploaded: boolean;
  is_mine: boolean;
  is_ended: boolean;
}

/** The caller's pushes, and pushes of others with a tag that was not reported. */
export async function listOpen(tx: Db, repositoryId: number, caller: string): Promise<OpenPush[]> {
  return query<OpenPush>(
    tx,
    `select p.id, p.token, p.pusher, p.image_ids, p.tags, p.caller = $2 as is_mine, p.ended_at is not null as is_ended,
       coalesce(s.set_tags, '{}') as set_tags, coalesce(s.is_told, false) as is_told,
       p.caller = $2 and not exists (
         select from unnest(p.image_ids) as l (image_id)
           left join repository_images i on i.repository_id = $1 and i.image_id = l.image_id
         where i.content_id is null) as is_uploaded
     from pushes p left join lateral (
       select jsonb_object_agg(s.tag, s.image_id) as set_tags, bool_and(s.told_at is not null) as is_told
       from push_tags s where s.push_id = p.id having count(*) > 0
     ) s on true
     where p.repository_id = $1 and (p.caller = $2 or not s.is_told) order by p.id`,
    [repositoryId, caller],
  );
}

/** The tags that pushes set and that were not reported, in the order in which they were set. */
export async function listUntold(tx: Db, repositoryId: number): Promise<UntoldTag[]> {
  return query<UntoldTag & { id: number }>(
    tx,
    `select s.id, s.push_id, s.tag, s.image_id, not ${isAliveSql('p')} as is_abandoned, (
       select t.image_id from push_tags t
       where t.repository_id = $1 and t.tag = s.tag and t.told_at is not null order by t.told_at desc, t.id desc limit 1
     ) as last_told
     from push_tags s join pushes p on p.id = s.push_id
     where s.repository_id = $1 and s.told_at is null order by s.id`,
    [repositoryId],
  );
}

/** Records a tag that was set without a push. @returns its number in the order of all sets */
export async function insertTagByHand(tx: Db, repositoryId: number, tag: string, imageId: string): Promise<number> {
  const rows = await query<{ id: number }>(
    tx,
    'insert into push_tags (repository_id, tag, image_id) values ($1, $2, $3) returning id',
    [repositoryId, tag, imageId],
  );
  if (rows[0] === undefined) throw new Error('insert into push_tags returned no row');
  return rows[0].id;
}

/** Whether a tag that a push set to one of these images has been reported. */
export async function wasTold(tx: Db, repositoryId: number, imageIds: readonly string[]): Promise<boolean> {
  const rows = await query(
    tx,
    'select from push_tags where repository_id = $1 and image_id = any ($2) and told_at is not null limit 1',
    [repositoryId, imageIds],
  );
  return rows.length > 0;
}

/** Marks the sets of tags as reported, and deletes earlier ones of the same tags that no open push needs. */
export async function markTold(tx: Db, repositoryId: number, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await query(tx, 'update push_tags set told_at = clock_timestamp() where id = any ($1::bigint[])', [ids]);
  await query(
    tx,
    `delete from push_tags s using push_tags later
     where s.repository_id = $1 and s.push_id is null and s.told_at is not null and later.id = any ($2::bigint[])
       and later.repository_id = $1 and later.tag = s.tag and later.id <> s.id`,
    [repositoryId, ids],
  );
}

/**
 * Ends a push.
 *
 * @param isWhole - whether it did all that it announced. If not, it may go on, because the end may have been that of a
 *   parallel push: then it stays until it no longer gives signs of life
 */
export async function endPush(tx: Db, pushId: number, isWhole: boolean): Promise<void> {
  if (isWhole) await query(tx, 'delete from pushes where id = $1', [pushId]);
  else await query(tx, 'update pushes set ended_at = now() where id = $1', [pushId]);
}

/** Stores the pushes to report, in this order, until they are taken. */
export async function insertTellings(tx: Db, repositoryId: number, pushes: readonly object[]): Promise<void> {
  await query(
    tx,
    `insert into push_tellings (repository_id, push, created_at)
     select $1, push, clock_timestamp() from jsonb_array_elements($2::jsonb) with ordinality as p (push, place)
     order by place`,
    [repositoryId, JSON.stringify(pushes)],
  );
}

export interface TellingRow {
  id: number;
  push: object;
  created_at: Date;
}

/** The pushes to report. */
export async function listTellings(db: Db, repositoryId: number): Promise<TellingRow[]> {
  const text = 'select id, push, created_at from push_tellings where repository_id = $1 order by id';
  return query<TellingRow>(db, text, [repositoryId]);
}

/** Removes and returns some of them. A concurrent call waits for the end of the transaction. */
export async function takeTellings(tx: Db, repositoryId: number, ids: readonly number[]): Promise<TellingRow[]> {
  return query<TellingRow>(
    tx,
    `with taken as (
       delete from push_tellings where repository_id = $1 and id = any ($2::bigint[]) returning id, push, created_at
     ) select id, push, created_at from taken order by id`,
    [repositoryId, ids],
  );
}

export async function deleteForgotten(db: Db, afterHours: number): Promise<void> {
  const isOld = (at: string): string => `${at} < now() - make_interval(hours => $1)`;
  await query(db, `delete from pushes where ${isOld('seen_at')}`, [afterHours]);
  await query(db, `delete from push_tags where push_id is null and (told_at is null or ${isOld('told_at')})`, [
    afterHours,
  ]);
}
