import type { IncomingMessage } from 'node:http';
import type { Context } from '../../context';
import { deleteBlob, getBlob, handOverBlob, openBlob } from '../../features/manifests/blobs';
import { AppError } from '../../platform/errors';
import { empty, type Headers } from '../../platform/http/exchange';
import { replyWithBytes, type Elsewhere } from '../../platform/http/stored-bytes';
import type { V2Handler } from './access';
import { V2Error } from './errors';
import { requireDeletable, requireReadable } from './requests';

const YEAR_SECONDS = 31_536_000;

/** For content that is named by its digest, and so never changes. Shared caches must not keep private content. */
export function contentHeaders(digest: string, isPrivate: boolean): Headers {
  return {
    'Docker-Content-Digest': digest,
    ETag: `"${digest}"`,
    'Cache-Control': `${isPrivate ? 'private' : 'public'}, max-age=${YEAR_SECONDS}`,
    Vary: 'Authorization',
  };
}

/**
 * Who else may send a blob. A client without the header of a proxy came here directly, and would get no bytes from an answer
 * for nginx.
 */
function elsewhereFor(
  { settings }: Context,
  req: IncomingMessage,
  handOver: Elsewhere['handOver'],
): Elsewhere | undefined {
  const accelPrefix = req.headers['x-forwarded-for'] === undefined ? undefined : settings.accelPrefix;
  const redirectStatus = settings.redirects ? 307 : undefined;
  const isNobody = accelPrefix === undefined && redirectStatus === undefined;
  return isNobody ? undefined : { accelPrefix, redirectStatus, handOver };
}

/** The specification wants a 416 for a range that ends before it begins. HTTP alone lets a server ignore it. */
const INVERTED_RANGE = /^\s*bytes\s*=\s*(\d+)\s*-\s*(\d+)\s*$/i;

function isInverted(req: IncomingMessage): boolean {
  const [, first, last] = INVERTED_RANGE.exec(req.headers.range ?? '') ?? [];
  return first !== undefined && Number(last) < Number(first);
}

/** `GET /v2/N/blobs/<digest>` (bridge 5, row 5). */
export const getBlobBytes: V2Handler = async (ctx, exchange) => {
  const { req, params } = exchange;
  const repository = await requireReadable(ctx, exchange);
  const digest = params['digest'] ?? '';
  const blob = await getBlob(ctx, repository, digest);
  if (req.method === 'GET' && isInverted(req)) {
    return empty(416, { 'Accept-Ranges': 'bytes', 'Content-Range': `bytes */${blob.sizeBytes}` });
  }
  return replyWithBytes(req, {
    sizeBytes: blob.sizeBytes,
    headers: {
      ...contentHeaders(digest, repository.visibility === 'private'),
      'Content-Type': 'application/octet-stream',
    },
    open: (part) => openBlob(ctx, blob, part),
    elsewhere: elsewhereFor(ctx, req, () => handOverBlob(ctx, blob)),
  });
};

/** `DELETE /v2/N/blobs/<digest>` (bridge 5, row 16). */
export const removeBlob: V2Handler = async (ctx, exchange) => {
  const repository = await requireDeletable(ctx, exchange);
  try {
    await deleteBlob(ctx, repository, exchange.params['digest'] ?? '');
  } catch (error) {
    const isUsed = error instanceof AppError && error.code === 'conflict';
    throw isUsed ? new V2Error(405, 'UNSUPPORTED', error.message, { cause: error }) : error;
  }
  return empty(202);
};

/** The headers that say where a blob of a repository is. */
export function blobLocation(name: string, digest: string): Headers {
  return { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest };
}
