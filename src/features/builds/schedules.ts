import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { fieldError } from '../../platform/errors';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import { isHourlyAtMost, nextMoment } from './cron';
import { noSource } from './no-source';
import * as store from './schedules.store';
import { find as findSource } from './sources.store';
import { queueWanted } from './starting';

/**
 * Sets when a repository is built by itself, as for the updates of base images of others.
 *
 * @param schedule - five fields of cron, UTC, at most once an hour; undefined: never
 * @returns when that is next
 * @throws AppError `invalid`, `not_found` without a source, as `lockAdministered`
 */
export async function setSchedule(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  schedule: string | undefined,
): Promise<Date | undefined> {
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const source = await findSource(tx, locked.id);
    if (source === undefined) throw noSource();
    const text = schedule?.trim().replaceAll(/\s+/g, ' ') ?? '';
    const next = text === '' ? undefined : nextMoment(text, await store.databaseNow(tx));
    if (text !== '' && (next === undefined || !isHourlyAtMost(text)))
      throw fieldError('invalid', 'schedule', 'Enter five fields of cron, such as 17 3 * * *, at most once an hour');
    await store.setSchedule(tx, source.id, next && { text, next });
    await recordEvent(tx, locked.doer, {
      action: 'build.source_changed',
      subject: displayName(locked),
      details: { fields: 'schedule' },
    });
    return next;
  });
}

/** Queues the builds of all schedules that are due. @returns how many */
export async function startScheduled(ctx: Needs<'db'>): Promise<number> {
  let builds = 0;
  for (const { id, repository_id: repositoryId, schedule } of await store.listDue(ctx.db)) {
    const next = nextMoment(schedule, await store.databaseNow(ctx.db));
    const cause = { kind: 'schedule' } as const;
    const mayQueue = async (tx: Db): Promise<boolean> => next !== undefined && store.moveOn(tx, id, next);
    const ids = await queueWanted(ctx, { id, repositoryId }, { request: { kind: 'all' }, cause }, { mayQueue });
    builds += ids.length;
  }
  return builds;
}
