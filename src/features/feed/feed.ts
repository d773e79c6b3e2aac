import type { Needs } from '../../context';
import type { Actor, RepositoryName } from '../access/actor';
import { getAccount } from '../access/current-account';
import * as store from './feed.store';

/*
 * What happened lately in the repositories of an account: its own, those of its organizations, those that it works on or
 * has starred. Nothing is stored for it: the history of tags, comments and stars are read, of repositories that the
 * account may read now.
 */

/** A tag that was pushed or deleted. */
export interface FeedTag {
  readonly name: string;
  readonly isNew: boolean;
}

/** Something that happened in a repository: one event, or several of the same kind in a row. */
export interface FeedEntry {
  readonly kind: 'pushed' | 'deleted' | 'commented' | 'starred' | 'created';
  readonly repository: RepositoryName;
  /** who did it, the last first; empty if it is not known */
  readonly actors: readonly string[];
  /** each once, the last first; empty unless tags were pushed or deleted */
  readonly tags: readonly FeedTag[];
  /** the number and the beginning of the comment */
  readonly comment: { readonly id: number; readonly text: string } | undefined;
  /** the time of the last event */
  readonly at: Date;
}

/** A page of the feed. */
export interface FeedPage {
  readonly entries: readonly FeedEntry[];
  /** the value of `before` for older events; undefined: there are none */
  readonly next: string | undefined;
}

const EVENTS = 60;

/** Events further apart are not one entry. */
const TOGETHER_MS = 60 * 60 * 1000;

const POSITION = /^(\d{1,17})-(comment|repository|star|tag)-(\d{1,15})$/;

function positionOf(text: string): store.Position | undefined {
  const [, us, kind, id] = POSITION.exec(text) ?? [];
  return us === undefined ? undefined : { at_us: us, kind: kind as store.EventKind, id: Number(id) };
}

const KINDS = { comment: 'commented', repository: 'created', star: 'starred' } as const;

function entryOf({ kind, id, namespace, name, actor, detail, change, at }: store.FeedRow): FeedEntry {
  return {
    kind: kind === 'tag' ? (change === 'deleted' ? 'deleted' : 'pushed') : KINDS[kind],
    repository: { namespace, name },
    actors: actor === null ? [] : [actor],
    tags: kind === 'tag' ? [{ name: detail, isNew: change === 'new' }] : [],
    comment: kind === 'comment' ? { id, text: detail } : undefined,
    at,
  };
}

/** Whether an older entry belongs to a newer one: tags of one user, or stars, in the same repository. */
function isPartOf(older: FeedEntry, newer: FeedEntry): boolean {
  const { kind, repository } = newer;
  if (kind !== older.kind || kind === 'commented' || kind === 'created') return false;
  if (older.repository.namespace !== repository.namespace || older.repository.name !== repository.name) return false;
  if (newer.at.getTime() - older.at.getTime() > TOGETHER_MS) return false;
  return kind === 'starred' || newer.actors[0] === older.actors[0];
}

function joined(newer: FeedEntry, older: FeedEntry): FeedEntry {
  const actors = [...new Set([...newer.actors, ...older.actors])];
  const tags = new Map(newer.tags.map((tag) => [tag.name, tag]));
  for (const { name, isNew } of older.tags) {
    const known = tags.get(name);
    tags.set(name, { name, isNew: isNew || known?.isNew === true });
  }
  return { ...newer, actors, tags: [...tags.values()] };
}

/** Joins what belongs together, the newest first. */
function grouped(entries: readonly FeedEntry[]): FeedEntry[] {
  const groups: FeedEntry[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last !== undefined && isPartOf(entry, last)) groups[groups.length - 1] = joined(last, entry);
    else groups.push(entry);
  }
  return groups;
}

/**
 * What happened in the repositories of the actor, the newest first.
 *
 * @param before - `next` of the page before; anything else means the first page
 * @throws AppError `unauthenticated`, `inactive`, `forbidden` for an access token for some repositories
 */
export async function listFeed(ctx: Needs<'db'>, actor: Actor, before = ''): Promise<FeedPage> {
  const { userId, accessToken } = await getAccount(ctx, actor);
  const rows = await store.listEvents(ctx.db, { userId, accessTokenId: accessToken?.id }, positionOf(before), EVENTS);
  const last = rows.length < EVENTS ? undefined : rows.at(-1);
  const next = last === undefined ? undefined : `${last.at_us}-${last.kind}-${last.id}`;
  return { entries: grouped(rows.map(entryOf)), next };
}
