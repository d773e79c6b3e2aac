import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { getManifestOrView } from '../../features/bridge/image-views';
import { suitedManifest, type ManifestClient } from '../../features/bridge/suited-manifests';
import { deriveImages, type Source } from '../../features/bridge/tag-images';
import { manifestUnknown } from '../../features/manifests/content-error';
import { deleteManifest, getManifestBytes } from '../../features/manifests/manifests';
import { bareType } from '../../features/manifests/media-types';
import { putManifest } from '../../features/manifests/put-manifest';
import { fullName } from '../../features/repositories/names';
import type { DeletableRepository } from '../../features/repositories/access';
import { countActivity, countManifestPull } from '../../features/statistics/counting';
import { parseEngine } from '../../features/tags/engine';
import { deleteTag } from '../../features/tags/tag-deletion';
import type { Db } from '../../platform/db/db';
import { AppError } from '../../platform/errors';
import { readBody } from '../../platform/http/body';
import { empty } from '../../platform/http/exchange';
import type { V2Handler } from './access';
import { V2Error } from './errors';
import { contentHeaders } from './blobs';
import { requireDeletable, requirePushable, requireReadableManifest } from './requests';

/** The largest manifest, in bytes (OCI distribution 1.1: registries should take at least 4 megabytes). */
const MANIFEST_BYTES = 4 * 1024 * 1024;

/** The media types that the client takes; undefined: everything. Some clients send a line for each. */
function acceptedTypes(req: IncomingMessage): ReadonlySet<string> | undefined {
  const accept = req.headers.accept ?? '';
  const types = new Set(accept.split(',').map(bareType));
  return accept === '' || types.has('*/*') ? undefined : types;
}

function clientOf(req: IncomingMessage): ManifestClient {
  return { accepted: acceptedTypes(req), engine: parseEngine(req.headers['user-agent']) };
}

/**
 * `GET /v2/N/manifests/<tag|digest>` (bridge 5, row 2): the bytes as they were pushed, with the stored type. By tag, clients
 * that cannot read them get what they can read (bridge 2).
 */
export const getManifestOf: V2Handler = async (ctx, exchange) => {
  const { req, params } = exchange;
  const reference = params['reference'] ?? '';
  const { repository, manifest: known } = await requireReadableManifest(ctx, exchange, reference);
  const found = known ?? (await getManifestOrView(ctx, repository, reference));
  const isTag = !reference.includes(':');
  const manifest = isTag ? await suitedManifest(ctx, repository, found, clientOf(req)) : found;
  const headers = {
    ...contentHeaders(manifest.digest, repository.visibility === 'private'),
    ...(isTag ? { 'Cache-Control': 'no-cache', Vary: 'Accept, User-Agent, Authorization' } : {}),
    'Content-Type': manifest.mediaType,
    'Content-Length': manifest.sizeBytes,
  };
  if (req.method === 'HEAD') return empty(200, headers);
  const body = await getManifestBytes(ctx, manifest);
  const client = req.headers.authorization ?? exchange.caller.actor.address;
  countManifestPull(ctx, repository.id, client, req.headers['user-agent']);
  return { status: 200, headers, body };
};

/** A change of an immutable tag is `DENIED`, not a conflict: trying again does not help. */
async function orDenied<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isImmutable = error instanceof AppError && error.code === 'conflict';
    throw isImmutable ? new V2Error(403, 'DENIED', error.message, { cause: error }) : error;
  }
}

/** `PUT /v2/N/manifests/<tag|digest>` (bridge 5, row 3). */
export const putManifestOf: V2Handler = async (ctx, exchange) => {
  const { req, params } = exchange;
  const repository = await requirePushable(ctx, exchange);
  const pushed = {
    reference: params['reference'] ?? '',
    contentType: req.headers['content-type'],
    bytes: await readBody(req, MANIFEST_BYTES),
    engine: parseEngine(req.headers['user-agent']),
    derive: (tx: Db, source: Source) => deriveImages(ctx, tx, source),
  };
  const { digest, subject, tag } = await orDenied(() => putManifest(ctx, repository, pushed));
  if (tag !== undefined) countActivity(ctx, 'push', repository.id, req.headers['user-agent']);
  return empty(201, {
    Location: `/v2/${fullName(repository)}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
  });
};

async function removeTag(ctx: Context, repository: DeletableRepository, tag: string): Promise<void> {
  try {
    await deleteTag(ctx, repository, tag);
  } catch (error) {
    throw error instanceof AppError && error.code === 'not_found' ? manifestUnknown(tag) : error;
  }
}

/** `DELETE /v2/N/manifests/<tag|digest>` (bridge 5, row 4). */
export const deleteManifestOf: V2Handler = async (ctx, exchange) => {
  const repository = await requireDeletable(ctx, exchange);
  const reference = exchange.params['reference'] ?? '';
  const isTag = !reference.includes(':');
  await orDenied(() => (isTag ? removeTag(ctx, repository, reference) : deleteManifest(ctx, repository, reference)));
  return empty(202);
};
