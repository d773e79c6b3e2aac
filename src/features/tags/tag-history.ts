import type { Needs } from '../../context';
import { AppError } from '../../platform/errors';
import type { Engine } from './engine';
import type { ReadableRepository, WritableRepository } from '../repositories/access';
import * as store from './tag-history.store';
import { putManifestTag, putTag } from './tags';

/*
 * The history of tags: where each one pointed, when, and who moved it. A tag and its event are written in one
 * transaction (`tags.ts`, `tag-deletion.ts`); the events are deleted with the repository.
 */

const PAGE = 1000;

/** A tag that was set, moved or deleted. */
export interface TagEvent {
  readonly id: number;
  readonly tag: string;
  /** the digest of a manifest, or the id of an image; undefined: there was no such tag */
  readonly from: string | undefined;
  /** the same; undefined: it was deleted */
  readonly to: string | undefined;
  /** the account's name at that time; undefined: not an account of this server */
  readonly actor: string | undefined;
  readonly at: Date;
}

/** Which events to list; an undefined condition filters nothing. */
export interface TagHistoryFilter {
  readonly tag?: string | undefined;
  /** the id of an event: only older ones, for the next page */
  readonly before?: number | undefined;
  /** 1 to 1000 */
  readonly limit: number;
}

function toTagEvent(row: store.TagEventRow): TagEvent {
  return {
    id: row.id,
    tag: row.tag,
    from: row.from_digest ?? row.from_image_id ?? undefined,
    to: row.to_digest ?? row.to_image_id ?? undefined,
    actor: row.actor_name ?? undefined,
    at: row.at,
  };
}

/** The events of all tags of a repository, or of one of them, the newest first. */
export async function listTagHistory(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  filter: TagHistoryFilter,
): Promise<TagEvent[]> {
  const limit = Math.min(Math.max(filter.limit, 1), PAGE);
  const { tag, before } = filter;
  return (await store.listEvents(ctx.db, repository.id, { tag, before, limit })).map(toTagEvent);
}

/**
 * Sets a tag to what it pointed to before or after an event, under all rules of a push: the image or the manifest must
 * still be there, and the tag must not be immutable.
 *
 * @param point.engine - what the client says about itself
 * @returns the tag, and the digest of its manifest or else the id of its image
 * @throws AppError `conflict` when the tag did not exist then, or is immutable; `not_found` for the event, or when the
 *   image or manifest is gone
 */
export async function restoreTag(
  ctx: Needs<'db'>,
  repository: WritableRepository,
  point: { eventId: number; side: 'before' | 'after'; engine: Engine },
): Promise<{ tag: string; pointsTo: string }> {
  const event = await store.findEvent(ctx.db, repository.id, point.eventId);
  if (event === undefined) throw new AppError('not_found', 'No such event in the history of this repository');
  const isBefore = point.side === 'before';
  const { tag: name } = event;
  const imageId = isBefore ? event.from_image_id : event.to_image_id;
  const digest = isBefore ? event.from_digest : event.to_digest;
  const pointsTo = digest ?? imageId;
  if (pointsTo === null) throw new AppError('conflict', `The tag ${name} did not exist ${point.side} this event`);
  if (digest === null) await putTag(ctx, repository, { name, imageId, engine: point.engine });
  else await putManifestTag(ctx, repository, { name, digest, engine: point.engine });
  return { tag: name, pointsTo };
}
