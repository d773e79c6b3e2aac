import type { Needs } from '../../context';
import { identityOf, type Actor, type Principal, type RepositoryName } from '../access/actor';
import { assertStillGood, principalFrom } from '../access/current-account';
import { canWrite } from '../access/policy';
import { sameRepository } from '../repositories/names';
import { callerKey } from '../repositories/last-opened';
import {
  assertReadable,
  assertWritable,
  authorizationRequired,
  byAnyName,
  repositoryFrom,
  type Repository,
} from '../repositories/scope';
import * as store from './images.store';

const MISSING = 'Image not found';

/** A complete image, for somebody who may read it. */
export interface Image {
  readonly id: string;
  readonly linkId: number;
  readonly repositoryId: number;
  readonly contentId: number;
  readonly depth: number;
  readonly layerDigest: string;
  /** length of the layer's stored bytes */
  readonly layerSizeBytes: number;
  readonly storageKey: string;
  /** `sha256:<hex>` over json, newline, layer */
  readonly payloadChecksum: string;
  /** in a private repository: nothing between us and the reader may keep a copy */
  readonly isPrivate: boolean;
  /** its layer cannot be served; see `storage/damage.ts` */
  readonly isDamaged: boolean;
}

/** What an id names in the repository that decides for this request. */
export interface LocatedImage {
  readonly repository: Repository;
  readonly principal: Principal;
  /** the actor may push to the repository, with the credentials of this request */
  readonly isWritable: boolean;
  /** the id is in the repository's image list */
  readonly isListed: boolean;
  readonly complete: Omit<Image, 'id'> | undefined;
  /** it is complete, but damaged, and the actor is pushing it: he must be told to upload it */
  readonly isWantedAgain: boolean;
  /** somebody is pushing it */
  readonly hasUpload: boolean;
}

function completeFrom(row: store.ImageRow): Omit<Image, 'id'> | undefined {
  const { link_id: linkId, content_id: contentId, repository_id: repositoryId, depth } = row;
  const { layer_digest: layerDigest, layer_size_bytes: layerSizeBytes, storage_key: storageKey } = row;
  const { payload_checksum: payloadChecksum } = row;
  if (linkId === null || contentId === null || repositoryId === null || depth === null) return undefined;
  if (layerDigest === null || layerSizeBytes === null || storageKey === null || payloadChecksum === null) {
    return undefined;
  }
  const isPrivate = row.visibility === 'private';
  return {
    linkId,
    contentId,
    repositoryId,
    depth,
    layerDigest,
    layerSizeBytes,
    storageKey,
    payloadChecksum,
    isPrivate,
    isDamaged: row.is_damaged,
  };
}

function located(row: store.ImageRow, repository: Repository, principal: Principal, actor: Actor): LocatedImage {
  const isWritable = canWrite(principal, repository) && (actor.kind !== 'token' || actor.access === 'write');
  return {
    repository,
    principal,
    isWritable,
    isListed: row.link_id !== null,
    complete: completeFrom(row),
    // A write token is a push's. Basic credentials are anybody's who may push; a push begins with an image list.
    isWantedAgain: row.is_damaged && isWritable && (actor.kind === 'token' || row.is_listed_again),
    hasUpload: row.has_upload,
  };
}

async function locateWithoutToken(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
  access: 'read' | 'write',
): Promise<LocatedImage | undefined> {
  const caller = { identity: identityOf(actor), callerKey: callerKey(actor) };
  const row = await store.findAmongRepositories(ctx.db, imageId, caller, access);
  const repository = row === undefined ? undefined : repositoryFrom(row);
  if (row !== undefined && repository !== undefined) return located(row, repository, principalFrom(actor, row), actor);
  // No row that would have told whether the account may still act.
  await assertStillGood(ctx, actor);
  return undefined;
}

/**
 * Where an id leads for somebody who reads; see the top of `images.ts`.
 *
 * @returns undefined when no repository that the actor may read holds or announced the id
 * @throws AppError `unauthenticated`, `inactive`
 */
export async function locateReadable(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
): Promise<LocatedImage | undefined> {
  if (actor.kind !== 'token') return locateWithoutToken(ctx, actor, imageId, 'read');
  return locateIn(ctx, actor, actor.repository, imageId, actor.access === 'write' ? 'write' : 'read');
}

async function locateIn(
  ctx: Needs<'db'>,
  actor: Actor,
  repositoryName: RepositoryName,
  imageId: string,
  access: 'read' | 'write',
): Promise<LocatedImage> {
  const row = await byAnyName(ctx, repositoryName, (name) =>
    store.findInRepository(ctx.db, imageId, identityOf(actor), name, access),
  );
  const principal = principalFrom(actor, row);
  const repository = assertReadable({ principal, namespace: undefined, repository: repositoryFrom(row) }, MISSING);
  return located(row, repository, principal, actor);
}

/**
 * What an id names in one repository, whatever other ones the actor may read; also by a former name of it.
 *
 * @throws AppError `not_found` when the actor may not know of the repository, `unauthenticated`, `inactive`
 */
export async function locateInRepository(
  ctx: Needs<'db'>,
  actor: Actor,
  name: RepositoryName,
  imageId: string,
): Promise<LocatedImage> {
  if (actor.kind === 'token' && !sameRepository(actor.repository, name)) throw authorizationRequired();
  return locateIn(ctx, actor, name, imageId, 'read');
}

/** @throws AppError `unauthenticated` for somebody whose credentials cannot be a pusher's */
export function assertPusher(actor: Actor): void {
  const isGuest = actor.kind === 'token' && actor.guest !== undefined;
  if (identityOf(actor) === undefined && !isGuest) throw authorizationRequired();
  if (actor.kind === 'token' && actor.access !== 'write') throw authorizationRequired();
}

/**
 * Where an id leads for somebody who pushes.
 *
 * @returns undefined when no image list of a repository that the actor may push to has the id
 * @throws AppError `unauthenticated`, `forbidden`, `inactive`
 */
export async function locateWritable(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
): Promise<LocatedImage | undefined> {
  assertPusher(actor);
  if (actor.kind !== 'token') return locateWithoutToken(ctx, actor, imageId, 'write');
  const row = await byAnyName(ctx, actor.repository, (name) =>
    store.findInRepository(ctx.db, imageId, actor.identity, name, 'write'),
  );
  const principal = principalFrom(actor, row);
  const scope = { principal, namespace: undefined, repository: repositoryFrom(row) };
  return located(row, assertWritable(scope, actor, MISSING), principal, actor);
}
