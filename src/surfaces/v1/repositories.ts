import { z } from 'zod';
import type { RepositoryName } from '../../features/access/actor';
import type { DeletableRepository } from '../../features/repositories/access';
import {
  allowDeletion,
  deleteThroughIndex,
  deleteThroughRegistry,
  getIndexDeletable,
  getRegistryDeletable,
} from '../../features/repositories/deletion';
import { getAdministered, getReadable } from '../../features/repositories/get-repository';
import { displayName } from '../../features/repositories/names';
import { VISIBILITIES } from '../../features/access/policy';
import { authorizeToken } from '../../features/repositories/authorize-token';
import { setVisibility } from '../../features/repositories/visibility';
import { AppError } from '../../platform/errors';
import { parseJson, readBody } from '../../platform/http/body';
import { json, empty, type Headers, type Reply } from '../../platform/http/exchange';
import type { Context } from '../../context';
import type { V1Exchange, V1Handler } from './access';
import { endpointHeaders, tokenHeaders } from './replies';
import { LIMITS, repositoryOf } from './requests';

async function deleteTokenHeaders(
  ctx: Context,
  { req, caller }: V1Exchange<'index'>,
  repository: DeletableRepository,
): Promise<Headers> {
  const { headers, nonce } = tokenHeaders(ctx, caller, repository, 'delete');
  await allowDeletion(ctx, repository, nonce);
  return { ...headers, ...endpointHeaders(ctx, req) };
}

/** Most scripts send one DELETE. The protocol fixes the body of its answer, so a header says what is left to do. */
function deletionNotice(repository: RepositoryName): string {
  const name = displayName(repository);
  return `${name} is being deleted. Its name is free after one more DELETE, or by itself in 24 hours`;
}

async function deleteRepositoryThroughIndex(ctx: Context, exchange: V1Exchange<'index'>): Promise<Reply> {
  const repository = await getIndexDeletable(ctx, exchange.caller, repositoryOf(exchange.params));
  if (await deleteThroughIndex(ctx, repository)) return json(200, '');
  const headers = await deleteTokenHeaders(ctx, exchange, repository);
  return json(202, '', { ...headers, 'X-Drydock-Notice': deletionNotice(repository) });
}

/** `DELETE /v1/repositories/R/`: the registry's with a token (protocol 4.11), otherwise the index's (protocol 2.11). */
export const deleteRepository: V1Handler<'index'> = async (ctx, exchange) => {
  if (exchange.caller.kind !== 'token') return deleteRepositoryThroughIndex(ctx, exchange);
  await deleteThroughRegistry(ctx, await getRegistryDeletable(ctx, exchange.caller, repositoryOf(exchange.params)));
  return json(200, true);
};

/** `DELETE /v1/repositories/R/tags` (protocol 4.11): deletes the whole repository, in the registry. */
export const deleteAllTags: V1Handler<'registry'> = async (ctx, { caller, params }) => {
  await deleteThroughRegistry(ctx, await getRegistryDeletable(ctx, caller, repositoryOf(params)));
  return json(200, true);
};

/** `DELETE /v1/repositories/R/images` (protocol 2.11): issues a delete token, and does nothing else. */
export const deleteImages: V1Handler<'index'> = async (ctx, exchange) => {
  const repository = await getIndexDeletable(ctx, exchange.caller, repositoryOf(exchange.params));
  return empty(204, await deleteTokenHeaders(ctx, exchange, repository));
};

/** `PUT /v1/repositories/R/auth` (protocol 2.9): uses a delete token up. */
export const putAuth: V1Handler<'index'> = async (ctx, { caller, params }) => {
  await authorizeToken(ctx, caller, repositoryOf(params));
  return json(200, 'OK');
};

/** `GET /v1/repositories/R/properties` (protocol 4.12). */
export const getProperties: V1Handler<'registry'> = async (ctx, { caller, params }) => {
  const { visibility } = await getReadable(ctx, caller, repositoryOf(params), { followsAliases: true });
  return json(200, { access: visibility });
};

const properties = z.object({ access: z.enum(VISIBILITIES) });

/** `PUT /v1/repositories/R/properties` (protocol 4.12). */
export const putProperties: V1Handler<'registry'> = async (ctx, { req, caller, params }) => {
  const repository = await getAdministered(ctx, caller, repositoryOf(params));
  const body = properties.safeParse(parseJson(await readBody(req, LIMITS.small))?.value);
  if (!body.success) throw new AppError('invalid', 'Invalid data');
  await setVisibility(ctx, repository, body.data.access);
  return json(200, true);
};
