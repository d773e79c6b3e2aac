import { imagesForV1 } from '../../features/bridge/v1-tags';
import { finishPush, IMAGES_NOT_FOUND, mayUseImage, startPush } from '../../features/pushes/image-lists';
import { getWritable } from '../../features/repositories/get-repository';
import { noSuchName } from '../../features/repositories/names';
import { countActivity } from '../../features/statistics/counting';
import { newNonce } from '../../features/tokens/token';
import { empty, json, jsonText } from '../../platform/http/exchange';
import type { V1Handler } from './access';
import { UnknownUrlError } from './errors';
import { endpointHeaders, tokenHeaders } from './replies';
import { headerOf, readImageList, repositoryOf, wantsToken } from './requests';

/**
 * `PUT /v1/repositories/R/` (protocol 2.6). The token is sent even if not asked for: docker up to 1.6 fails without it.
 */
export const putRepository: V1Handler<'index'> = async (ctx, { req, caller, params }) => {
  const name = repositoryOf(params);
  const nonce = newNonce();
  const isStarted = await startPush(ctx, caller, name, () => readImageList(req), nonce);
  if (!isStarted) throw new UnknownUrlError(noSuchName(name, ctx.settings.hubLimits));
  const { headers } = tokenHeaders(ctx, caller, name, 'write', nonce);
  return json(200, '', { ...headers, ...endpointHeaders(ctx, req) });
};

/** `PUT /v1/repositories/R/images` (protocol 2.7). Any status but 204 fails the push. */
export const putImages: V1Handler<'index'> = async (ctx, { req, caller, params }) => {
  const repository = await getWritable(ctx, caller, repositoryOf(params), { missing: IMAGES_NOT_FOUND });
  const isPush = await finishPush(ctx, repository, await readImageList(req));
  if (isPush) countActivity(ctx, 'push', repository.id, headerOf(req, 'user-agent'));
  const token = caller.kind === 'token' ? {} : tokenHeaders(ctx, caller, repository, 'write').headers;
  return empty(204, { ...token, ...endpointHeaders(ctx, req) });
};

/**
 * `GET /v1/repositories/R/images` (protocol 2.8). The list has no tags: an engine would pull every entry that has one.
 */
export const getImages: V1Handler<'index'> = async (ctx, { req, caller, params }) => {
  const name = repositoryOf(params);
  const { repositoryId, json: images } = await imagesForV1(ctx, caller, name);
  const isToken = caller.kind === 'token';
  if (!isToken && req.method === 'GET') countActivity(ctx, 'pull', repositoryId, headerOf(req, 'user-agent'));
  const token = wantsToken(req) && !isToken ? tokenHeaders(ctx, caller, name, 'read').headers : {};
  return jsonText(200, images, { ...token, ...endpointHeaders(ctx, req) });
};

/** `GET /v1/repositories/R/layer/<image id>/access` (protocol 2.10). */
export const getLayerAccess: V1Handler<'index'> = async (ctx, { caller, params }) => {
  const access = await mayUseImage(ctx, caller, repositoryOf(params), params['imageId'] ?? '');
  return json(200, { access });
};
