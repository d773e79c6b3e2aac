import type { Db } from '../../platform/db/db';
import { query } from '../../platform/db/query';
import type { DeletedRow, PointerRow } from './tags.store';

export interface NewTagEvent {
  readonly tag: string;
  /** undefined: there was no such tag */
  readonly from: PointerRow | undefined;
  /** undefined: it was deleted */
  readonly to: PointerRow | undefined;
}

interface EventDoer {
  readonly userId: number | undefined;
  readonly name: string | undefined;
}

export async function insertEvent(tx: Db, repositoryId: number, doer: EventDoer, event: NewTagEvent): Promise<void> {
  await query(
    tx,
    `insert into tag_events (repository_id, tag, from_image_id, from_digest, to_image_id, to_digest, actor_id, actor_name)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      repositoryId,
      event.tag,
      event.from?.image_id ?? null,
      event.from?.digest ?? null,
      event.to?.image_id ?? null,
      event.to?.digest ?? null,
      doer.userId ?? null,
      doer.name ?? null,
    ],
  );
}

/** The events of tags that were deleted. */
export async function insertDeletions(
  tx: Db,
  repositoryId: number,
  doer: EventDoer,
  deleted: readonly DeletedRow[],
): Promise<void> {
  await query(
    tx,
    `insert into tag_events (repository_id, tag, from_image_id, from_digest, actor_id, actor_name)
     select $1, tag, image_id, digest, $5, $6
     from unnest($2::text[], $3::text[], $4::text[]) with ordinality as deleted (tag, image_id, digest, at) order by at`,
    [
      repositoryId,
      deleted.map(({ name }) => name),
      deleted.map((row) => row.image_id),
      deleted.map(({ digest }) => digest),
      doer.userId ?? null,
      doer.name ?? null,
    ],
  );
}

export interface TagEventRow {
  id: number;
  tag: string;
  from_image_id: string | null;
  from_digest: string | null;
  to_image_id: string | null;
  to_digest: string | null;
  actor_id: number | null;
  actor_name: string | null;
  at: Date;
}

const COLUMNS = 'id, tag, from_image_id, from_digest, to_image_id, to_digest, actor_id, actor_name, at';

export async function findEvent(db: Db, repositoryId: number, eventId: number): Promise<TagEventRow | undefined> {
  const text = `select ${COLUMNS} from tag_events where repository_id = $1 and id = $2`;
  return (await query<TagEventRow>(db, text, [repositoryId, eventId]))[0];
}

/**
 * The events, the newest first. The statement has only the conditions that are needed, so that each can use its index.
 */
export async function listEvents(
  db: Db,
  repositoryId: number,
  filter: { tag: string | undefined; before: number | undefined; limit: number },
): Promise<TagEventRow[]> {
  const values: unknown[] = [repositoryId, filter.limit];
  const add = (value: unknown, condition: string): string => {
    if (value === undefined) return '';
    return `and ${condition} $${values.push(value)}`;
  };
  return query<TagEventRow>(
    db,
    `select ${COLUMNS} from tag_events
     where repository_id = $1 ${add(filter.tag, 'tag =')} ${add(filter.before, 'id <')}
     order by id desc limit $2`,
    values,
  );
}
