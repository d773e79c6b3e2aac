import type { Context } from '../../context';
import type { ReadableRepository } from '../../features/repositories/access';
import { getReadable } from '../../features/repositories/get-repository';
import { listTagChain, MISSING_TAG } from '../../features/tags/tags';
import { AppError } from '../../platform/errors';
import { json, type Reply } from '../../platform/http/exchange';
import type { V1Exchange } from './access';
import { headerOf, repositoryOf } from './requests';

/*
 * Tags as the index told of them (protocol 2.12), for scripts that were written against it. Engines need the registry's
 * shape, so this one is for hosts that are said to be an index, or for whoever asks with `?format=index`.
 */

const SHORT_ID = 8;

/** Whether the request came to the index, not to the registry. */
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

/** A repository that does not exist is answered as a tag that does not (protocol 4.7). */
export async function taggedRepository(
  ctx: Context,
  { caller, params }: V1Exchange<'registry'>,
): Promise<ReadableRepository> {
  return getReadable(ctx, caller, repositoryOf(params), { followsAliases: true, missing: MISSING_TAG });
}

/** The tag's image and its ancestors. */
export async function indexTag(ctx: Context, exchange: V1Exchange<'registry'>): Promise<Reply> {
  try {
    const repository = await taggedRepository(ctx, exchange);
    const chain = await listTagChain(ctx, repository, exchange.params['tag'] ?? '');
    return json(
      200,
      chain.map(({ id, imageId }) => ({ pk: id, id: imageId.slice(0, SHORT_ID) })),
    );
  } catch (error) {
    // The index said errors as bare strings.
    if (error instanceof AppError && error.code === 'not_found') return json(404, error.message);
    throw error;
  }
}
