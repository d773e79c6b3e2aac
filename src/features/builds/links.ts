import type { Needs } from '../../context';
import { inTransaction, type Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import type { RepositoryName } from '../access/actor';
import { recordEvent } from '../audit/audit';
import type { AdministeredRepository, ReadableRepository } from '../repositories/access';
import { lockAdministered } from '../repositories/get-repository';
import { displayName } from '../repositories/names';
import { mayPull } from './build-token.store';
import * as store from './links.store';
import { noSource } from './no-source';
import { find as findSource } from './sources.store';
import { queueWanted } from './starting';

/*
 * Repository links: a push to the base image of an automated repository builds the repository. The Hub warned of endless
 * loops; here a link that would close one is refused.
 */

const LINKS = 20;

/** A base whose pushes build the repository. */
export interface LinkedBase extends RepositoryName {
  readonly createdAt: Date;
}

/** The bases of a repository, by name. */
export async function listBases(ctx: Needs<'db'>, repository: AdministeredRepository): Promise<LinkedBase[]> {
  const rows = await store.listBases(ctx.db, repository.id);
  return rows.map(({ namespace, name, created_at: createdAt }) => ({ namespace, name, createdAt }));
}

async function recordChange(tx: Db, repository: AdministeredRepository): Promise<void> {
  const bases = (await store.listBases(tx, repository.id)).map(displayName).join(' ');
  const subject = displayName(repository);
  await recordEvent(tx, repository.doer, { action: 'build.links_changed', subject, details: { bases } });
}

/**
 * Links a repository to its base image.
 *
 * @throws AppError `not_found` without a source, `conflict` for a link that would close a cycle, or too many; as
 *   `lockAdministered`
 */
export async function addLink(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  base: ReadableRepository,
): Promise<LinkedBase[]> {
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    if ((await findSource(tx, locked.id)) === undefined) throw noSource();
    await store.lockLinks(tx);
    if (await store.dependsOn(tx, base.id, locked.id)) {
      const text = `${displayName(base)} is built after ${displayName(locked)}: this link would close a cycle`;
      throw new AppError('conflict', base.id === locked.id ? 'A repository cannot be its own base' : text);
    }
    if ((await store.listBases(tx, locked.id)).length >= LINKS)
      throw new AppError('conflict', `A repository can have at most ${LINKS} links`);
    await store.insert(tx, locked.id, base.id);
    await recordChange(tx, locked);
    return listBases({ db: tx }, locked);
  });
}

/** Removes a link. @param base - also one that the actor can no longer read @throws AppError `not_found` */
export async function removeLink(
  ctx: Needs<'db'>,
  repository: AdministeredRepository,
  base: RepositoryName,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const locked = await lockAdministered(tx, repository);
    const rows = await store.listBases(tx, locked.id);
    const row = rows.find(({ namespace, name }) => namespace === base.namespace && name === base.name);
    if (row === undefined || !(await store.remove(tx, locked.id, row.id)))
      throw new AppError('not_found', `There is no link to ${displayName(base)}`);
    await recordChange(tx, locked);
  });
}

/** Queues the builds of the repositories whose base has changed, if the account behind their source may read it. */
export async function startLinked(ctx: Needs<'db'>, baseId: number): Promise<void> {
  for (const row of await store.listLinked(ctx.db, baseId)) {
    const base = { namespace: row.base_namespace, name: row.base_name };
    if (row.created_by === null || !(await mayPull(ctx.db, row.created_by, base))) continue;
    const source = { id: row.source_id, repositoryId: row.repository_id };
    const cause = { kind: 'link', name: displayName(base) } as const;
    await queueWanted(ctx, source, { request: { kind: 'all' }, cause });
  }
}
