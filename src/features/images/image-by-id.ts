import type { Needs } from '../../context';
import { identityOf, type Actor } from '../access/actor';
import { assertStillGood, requiresAuthorization } from '../access/current-account';
import { callerKey } from '../repositories/last-opened';
import {
  assertReadable,
  assertWritable,
  readableIn,
  writableIn,
  type ReadableRepository,
  type WritableRepository,
} from '../repositories/access';
import { accessFrom, byAnyName, type RepositoryAccess } from '../repositories/repository-access';
import * as store from './images.store';

const MISSING = 'Image not found';

/** A complete image, for a caller who may read it. */
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
  /** `sha256:<hex>` over json, newline, layer; undefined: no engine pushed it */
  readonly payloadChecksum: string | undefined;
  /** in a private repository: no cache between us and the reader may keep a copy */
  readonly isPrivate: boolean;
  /** its layer cannot be served; see `storage/damage.ts` */
  readonly isDamaged: boolean;
}

/** The image that an id names in a repository. */
export interface FoundImage {
  /** the id is in the repository's image list */
  readonly isListed: boolean;
  readonly complete: Omit<Image, 'id'> | undefined;
  /** it is being pushed */
  readonly hasUpload: boolean;
}

/** The image that an id names in the repository that decides for this request. */
export interface LocatedImage extends FoundImage {
  readonly repository: ReadableRepository;
  /** it is complete, but damaged, and the actor is pushing it: the answer must make the engine upload it */
  readonly isWantedAgain: boolean;
}

/** The same, for a pusher. */
export type PushedImage = LocatedImage & { readonly repository: WritableRepository };

function completeFrom(row: store.FoundRow): Omit<Image, 'id'> | undefined {
  const { link_id: linkId, content_id: contentId, repository_id: repositoryId, depth } = row;
  const { layer_digest: layerDigest, layer_size_bytes: layerSizeBytes, storage_key: storageKey } = row;
  const { payload_checksum: payloadChecksum } = row;
  if (linkId === null || contentId === null || repositoryId === null || depth === null) return undefined;
  if (layerDigest === null || layerSizeBytes === null || storageKey === null) return undefined;
  const isPrivate = row.visibility === 'private';
  return {
    linkId,
    contentId,
    repositoryId,
    depth,
    layerDigest,
    layerSizeBytes,
    storageKey,
    payloadChecksum: payloadChecksum ?? undefined,
    isPrivate,
    isDamaged: row.is_damaged,
  };
}

function foundFrom(row: store.FoundRow): FoundImage {
  return { isListed: row.link_id !== null, complete: completeFrom(row), hasUpload: row.has_upload };
}

function located<R extends ReadableRepository>(
  row: store.ImageRow,
  repository: R,
): LocatedImage & { readonly repository: R } {
  const { access } = repository;
  // A write token is a push's. Basic credentials are anybody's who may push; a push begins with an image list.
  const isOfPush = access.actor.kind === 'token' || row.is_listed_again;
  const isWantedAgain = row.is_damaged && isOfPush && writableIn(access) !== undefined;
  return { ...foundFrom(row), repository, isWantedAgain };
}

/** The image of an id, for an actor without a token: the query finds only images that they may read, or write. */
async function findAmongRepositories(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
  right: 'read' | 'write',
): Promise<{ row: store.ImageRow; access: RepositoryAccess } | undefined> {
  const caller = { identity: identityOf(actor), callerKey: callerKey(actor) };
  const row = await store.findAmongRepositories(ctx.db, imageId, caller, right);
  if (row !== undefined) return { row, access: accessFrom(actor, row, row) };
  // There was no row to show whether the account may still act.
  await assertStillGood(ctx, actor);
  return undefined;
}

/** The image of an id in the repository of a token, also if the token has a former name. */
async function findByToken(
  ctx: Needs<'db'>,
  actor: Extract<Actor, { kind: 'token' }>,
  imageId: string,
  right: 'read' | 'write',
): Promise<{ row: store.ImageRow; access: RepositoryAccess }> {
  const row = await byAnyName(ctx, actor.repository, (name) =>
    store.findInRepository(ctx.db, imageId, actor.identity, name, right),
  );
  return { row, access: accessFrom(actor, actor.repository, row) };
}

/**
 * The image of an id, for an actor who reads; see the top of `images.ts`.
 *
 * @returns undefined when no repository that the actor may read holds or announced the id
 * @throws AppError `not_found` when the repository of a token is gone, `unauthenticated`, `inactive`
 */
export async function locateReadable(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
): Promise<LocatedImage | undefined> {
  if (actor.kind === 'token') {
    const right = actor.access === 'write' ? 'write' : 'read';
    const { row, access } = await findByToken(ctx, actor, imageId, right);
    return located(row, assertReadable(access, MISSING));
  }
  const found = await findAmongRepositories(ctx, actor, imageId, 'read');
  const repository = found && readableIn(found.access);
  return found && repository && located(found.row, repository);
}

/** The image that an id names in one repository, whichever others the actor may read. */
export async function locateIn(
  ctx: Needs<'db'>,
  repository: ReadableRepository,
  imageId: string,
): Promise<FoundImage | undefined> {
  const row = await store.findById(ctx.db, imageId, repository.id);
  return row && foundFrom(row);
}

/** @throws AppError `unauthenticated` for an actor whose credentials cannot be used to push */
export function assertPusher(actor: Actor): void {
  const isGuest = actor.kind === 'token' && actor.guest !== undefined;
  if (identityOf(actor) === undefined && !isGuest) throw requiresAuthorization();
  if (actor.kind === 'token' && actor.access !== 'write') throw requiresAuthorization();
}

/**
 * The image of an id, for an actor who pushes.
 *
 * @returns undefined when no image list of a repository that the actor may push to has the id
 * @throws AppError `unauthenticated`, `forbidden`, `inactive`; `not_found` when the repository of a token is gone
 */
export async function locateWritable(
  ctx: Needs<'db'>,
  actor: Actor,
  imageId: string,
): Promise<PushedImage | undefined> {
  assertPusher(actor);
  if (actor.kind === 'token') {
    const { row, access } = await findByToken(ctx, actor, imageId, 'write');
    return located(row, assertWritable(access, MISSING));
  }
  const found = await findAmongRepositories(ctx, actor, imageId, 'write');
  const repository = found && writableIn(found.access);
  return found && repository && located(found.row, repository);
}
