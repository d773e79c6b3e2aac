import type { Context } from '../../context';
import { mountBlob } from '../../features/manifests/blobs';
import {
  appendToUpload,
  cancelUpload,
  commitUpload,
  getOwnUpload,
  getUpload,
  startUpload,
  UploadOffsetError,
  type BlobUpload,
  type OwnUpload,
} from '../../features/manifests/blob-uploads';
import type { WritableRepository } from '../../features/repositories/access';
import { fullName, parseFullName } from '../../features/repositories/names';
import { bodyChunks, hasBody } from '../../platform/http/body';
import { empty, type Headers, type Reply } from '../../platform/http/exchange';
import type { V2Exchange, V2Handler } from './access';
import { blobLocation } from './blobs';
import { v2Refusal } from './errors';
import { mayPull, requirePushable, requireWritable } from './requests';

/** Where an upload is, and how far. `Range` cannot say that nothing has arrived: clients expect `0-0` then. */
function uploadHeaders({ id, repository, offset }: BlobUpload): Headers {
  return {
    Location: `/v2/${fullName(repository)}/blobs/uploads/${id}`,
    Range: `0-${Math.max(0, offset - 1)}`,
    'Docker-Upload-UUID': id,
  };
}

/** Clients write `Content-Range: 0-99`, without a unit. */
const CONTENT_RANGE = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/;

/** Where the piece begins; undefined when the request does not say, NaN, which is nowhere, when it cannot be read. */
function startOf({ req }: V2Exchange): number | undefined {
  const range = req.headers['content-range'];
  return range === undefined ? undefined : Number(CONTENT_RANGE.exec(range.trim())?.[1]);
}

async function created(
  ctx: Context,
  upload: OwnUpload,
  exchange: V2Exchange,
  { digest, start }: { readonly digest: string; readonly start: number | undefined },
): Promise<Reply> {
  const { req } = exchange;
  await commitUpload(ctx, upload, digest, { start, bytes: hasBody(req) ? bodyChunks(req) : undefined });
  return empty(201, blobLocation(fullName(upload.repository), digest));
}

/** Mounts the blob that the request names, if the caller may pull it where it is. */
async function mount(ctx: Context, exchange: V2Exchange, repository: WritableRepository): Promise<string | undefined> {
  const { query } = exchange;
  const digest = query.get('mount');
  const from = parseFullName(query.get('from') ?? '');
  if (digest === null || from === undefined) return undefined;
  const source = await mayPull(ctx, exchange, from);
  return source !== undefined && (await mountBlob(ctx, repository, source, digest)) ? digest : undefined;
}

/** `POST /v2/N/blobs/uploads/` (bridge 5, rows 6 to 8): starts an upload, takes a whole blob, or mounts one. */
export const postUpload: V2Handler = async (ctx, exchange) => {
  const repository = await requirePushable(ctx, exchange);
  const mounted = await mount(ctx, exchange, repository);
  if (mounted !== undefined) return empty(201, blobLocation(fullName(repository), mounted));
  const upload = await startUpload(ctx, repository);
  const digest = exchange.query.get('digest');
  if (digest === null) return empty(202, uploadHeaders(upload));
  try {
    return await created(ctx, upload, exchange, { digest, start: undefined });
  } catch (error) {
    // The client does not know where the upload is, so nobody could continue it.
    await cancelUpload(ctx, upload);
    throw error;
  }
};

async function uploadOf(ctx: Context, exchange: V2Exchange): Promise<BlobUpload> {
  return getUpload(ctx, await requireWritable(ctx, exchange), exchange.params['upload'] ?? '');
}

/** The answer to a piece at a wrong place says where it must begin. */
async function orWrongPlace(work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UploadOffsetError)) throw error;
    const { message, upload } = error;
    return v2Refusal(416, { code: 'BLOB_UPLOAD_INVALID', message }, uploadHeaders(upload));
  }
}

/** `PATCH <location>` (bridge 5, row 9). */
export const patchUpload: V2Handler = async (ctx, exchange) => {
  const upload = await uploadOf(ctx, exchange);
  return orWrongPlace(async () => {
    const grown = await appendToUpload(ctx, upload, startOf(exchange), bodyChunks(exchange.req));
    return empty(202, uploadHeaders(grown));
  });
};

/** `PUT <location>?digest=D` (bridge 5, row 10): the last piece, the whole blob or nothing is in the body. */
export const putUpload: V2Handler = async (ctx, exchange) => {
  const repository = await requireWritable(ctx, exchange);
  const upload = await getOwnUpload(ctx, repository, exchange.params['upload'] ?? '');
  const digest = exchange.query.get('digest') ?? '';
  return orWrongPlace(() => created(ctx, upload, exchange, { digest, start: startOf(exchange) }));
};

/** `GET <location>` (bridge 5, row 11). */
export const getUploadStatus: V2Handler = async (ctx, exchange) =>
  empty(204, uploadHeaders(await uploadOf(ctx, exchange)));

/** `DELETE <location>` (bridge 5, row 12). */
export const deleteUpload: V2Handler = async (ctx, exchange) => {
  await cancelUpload(ctx, await uploadOf(ctx, exchange));
  return empty(204);
};
