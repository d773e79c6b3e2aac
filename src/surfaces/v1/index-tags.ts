import type { Context } from '../../context';
import type { ReadableRepository } from '../../features/repositories/access';
import { getReadable } from '../../features/repositories/get-repository';
import { listTagChain, MISSING_TAG } from '../../features/tags/tags';
import { AppError } from '../../platform/errors';
import { json, type Reply } from '../../platform/http/exchange';
import type { V1Exchange } from './access';
import { headerOf, repositoryOf } from './requests';

/*
 * Tags in the shape of the index (protocol 2.12), for scripts that were written against it. Engines need the registry's
 * shape, so this one is only for hosts that the settings call an index, and for requests with `?format=index`.
 */

const SHORT_ID = 8;

/** Whether the request was meant for the index, not for the registry. */
export function asksTheIndex(ctx: Context, { req, query }: V1Exchange<'registry'>): boolean {
  if (query.get('format') === 'index') return true;
  const host = headerOf(req, 'host')?.toLowerCase();
  return host !== undefined && ctx.settings.indexHosts.some((alias) => alias.toLowerCase() === host);
}

/** @param tags - the registry's shape: `{"<tag>":"<image id>",…}` */
export function indexTags(tags: Buffer): Reply {
  const entries = Object.entries(JSON.parse(tags.toString()) as Record<string, string>);
  return json(
    200,
    entries.map(([name, imageId]) => ({ layer: imageId.slice(0, SHORT_ID), name })),
  );
}

/** The repository of the request. If it does not exist, the answer is that of a missing tag (protocol 4.7). */
export async function taggedRepository(
  ctx: Context,
  { caller, params }: V1Exchange<'registry'>,
): Promise<ReadableRepository> {
  return getReadable(ctx, caller, repositoryOf(params), { followsAliases: true, missing: MISSING_TAG });
}

/** The image of a tag, and its ancestors. */
export async function indexTag(ctx: Context, exchange: V1Exchange<'registry'>): Promise<Reply> {
  try {
    const repository = await taggedRepository(ctx, exchange);
    const chain = await listTagChain(ctx, repository, exchange.params['tag'] ?? '');
    return json(
      200,
      chain.map(({ id, imageId }) => ({ pk: id, id: imageId.slice(0, SHORT_ID) })),
    );
  } catch (error) {
    // The index answered errors as bare strings.
    if (error instanceof AppError && error.code === 'not_found') return json(404, error.message);
    throw error;
  }
}
