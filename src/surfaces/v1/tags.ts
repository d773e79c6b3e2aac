import type { IncomingMessage } from 'node:http';
import { tagForV1, tagsForV1 } from '../../features/bridge/v1-tags';
import { promote } from '../../features/images/promotion';
import { getRegistryDeletable } from '../../features/repositories/deletion';
import { getWritable } from '../../features/repositories/get-repository';
import { assertTag } from '../../features/repositories/names';
import { otherArchitectureOf, parseEngine, type Engine } from '../../features/tags/engine';
import { deleteTag as removeTag } from '../../features/tags/tag-deletion';
import { getTag, putTag as setTag, type Tag } from '../../features/tags/tags';
import { AppError } from '../../platform/errors';
import { parseJson, readBody } from '../../platform/http/body';
import { json, jsonText, type Reply } from '../../platform/http/exchange';
import type { V1Exchange, V1Handler } from './access';
import type { Context } from '../../context';
import { asksTheIndex, indexTag, indexTags, taggedRepository } from './index-tags';
import { headerOf, LIMITS, repositoryOf } from './requests';

/** Engines get the images for their architecture. */
const VARY = { Vary: 'Accept, User-Agent' };

function architectureOf(req: IncomingMessage): string | undefined {
  return otherArchitectureOf(parseEngine(headerOf(req, 'user-agent')));
}

/**
 * `GET /v1/repositories/R/tags` (protocol 4.7): in the registry's shape, because the index's list breaks every engine.
 */
export const getTags: V1Handler<'registry'> = async (ctx, exchange) => {
  const { req, caller, params } = exchange;
  const tags = await tagsForV1(ctx, caller, repositoryOf(params), architectureOf(req));
  return asksTheIndex(ctx, exchange) ? indexTags(tags) : jsonText(200, tags, VARY);
};

/** `GET /v1/repositories/R/tags/<tag>` (protocol 4.7): answers a bare JSON string. */
export const getOneTag: V1Handler<'registry'> = async (ctx, exchange) => {
  if (asksTheIndex(ctx, exchange)) return indexTag(ctx, exchange);
  const repository = await taggedRepository(ctx, exchange);
  const tag = await tagForV1(ctx, repository, exchange.params['tag'] ?? '', architectureOf(exchange.req));
  return json(200, tag.imageId, VARY);
};

/**
 * `PUT /v1/repositories/R/tags/<tag>` (protocol 4.7): the body is a JSON string. It can promote an image from a
 * sibling.
 */
export const putTag: V1Handler<'registry'> = async (ctx, { req, caller, params }) => {
  const repository = await getWritable(ctx, caller, repositoryOf(params));
  const name = params['tag'] ?? '';
  assertTag(name);
  const imageId = parseJson(await readBody(req, LIMITS.small))?.value;
  const engine = parseEngine(headerOf(req, 'user-agent'));
  await setTag(ctx, repository, { name, imageId, engine, complete: promote });
  return json(200, true);
};

/** `DELETE /v1/repositories/R/tags/<tag>` (protocol 4.7). */
export const deleteTag: V1Handler<'registry'> = async (ctx, { caller, params }) => {
  const repository = await getRegistryDeletable(ctx, caller, repositoryOf(params));
  await removeTag(ctx, repository, params['tag'] ?? '');
  return json(200, true);
};

/** The answer of docker's registry for a tag that it had no record of (protocol 4.13). */
const UNKNOWN_ENGINE: Required<{ [K in keyof Omit<Engine, 'client'>]: string | null }> & {
  last_update: number | null;
} = {
  arch: 'amd64',
  docker_go_version: null,
  docker_version: null,
  kernel: null,
  last_update: null,
  os: 'linux',
};

function describe(tag: Tag | undefined): Reply {
  if (tag === undefined) return json(200, UNKNOWN_ENGINE);
  const { client: _newer, ...engine } = tag.engine;
  return json(200, { ...UNKNOWN_ENGINE, ...engine, last_update: Math.floor(tag.updatedAt.getTime() / 1000) });
}

/** The tag; undefined both if it does not exist and if the caller may not see it. */
async function findTag(ctx: Context, exchange: V1Exchange<'registry'>, tag: string): Promise<Tag | undefined> {
  try {
    return await getTag(ctx, await taggedRepository(ctx, exchange), tag);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return undefined;
    throw error;
  }
}

/** `GET /v1/repositories/R/json` (protocol 4.13): the engine that pushed `latest`. */
export const getRepositoryJson: V1Handler<'registry'> = async (ctx, exchange) =>
  describe(await findTag(ctx, exchange, 'latest'));

/** `GET /v1/repositories/R/tags/<tag>/json` (protocol 4.13). */
export const getTagJson: V1Handler<'registry'> = async (ctx, exchange) =>
  describe(await findTag(ctx, exchange, exchange.params['tag'] ?? ''));
