import { z } from 'zod';
import { listAliases, moveRepository, removeAlias } from '../../../features/repositories/moving';
import { getVisible } from '../../../features/repositories/get-repository';
import { parseRepositoryName } from '../../../features/repositories/names';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { administeredAsked, repositoryParams } from './repository-asked';
import { readDetails, repositoryDetailsSchema } from './repository-body';
import { nameParam } from './schemas';

/* The name of a repository, and its former names. */

const moveRepositoryTo = endpoint({
  method: 'post',
  path: '/api/v1.1/repositories/:namespace/:name/move/',
  tag: 'repositories',
  access: 'account',
  id: 'moveRepository',
  summary: 'Rename a repository, transfer it to another namespace, or both',
  description:
    'Pulls by the former name keep working. A transfer needs an owner of both namespaces and ends the access ' +
    'of collaborators and teams; a plan without room for one more private repository is refused with 403.',
  params: repositoryParams,
  body: z.strictObject({ namespace: nameParam, name: nameParam }),
  responses: { 200: { description: 'The repository under its new name', body: repositoryDetailsSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body: to, caller }) => {
    await moveRepository(ctx, await administeredAsked(ctx, { caller, params }), to);
    return reply(200, await readDetails(ctx, await getVisible(ctx, caller.actor, to)));
  },
});

const aliasSchema = z.strictObject({ namespace: z.string(), name: z.string() }).meta({ id: 'RepositoryAlias' });

const getAliases = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/:name/aliases/',
  tag: 'repositories',
  access: 'account',
  id: 'listFormerNames',
  summary: 'List the former names of a repository; for its administrators',
  params: repositoryParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of names, oldest first', body: pageOf(aliasSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const aliases = await listAliases(ctx, await administeredAsked(ctx, { caller, params }));
    const results = aliases.map(({ namespace, name }) => ({ namespace, name }));
    return reply(200, pagedWhole(ctx, { req, query }, results));
  },
});

const deleteAlias = endpoint({
  method: 'delete',
  path: '/api/v1.1/repositories/:namespace/:name/aliases/:space/:alias/',
  tag: 'repositories',
  access: 'account',
  id: 'releaseFormerName',
  summary: 'Release a former name: pulls by it stop working, and another repository can take it',
  description: 'While the repository has immutable tags, this is a 409, because they are also pulled by this name.',
  params: z.object({ ...repositoryParams.shape, space: nameParam, alias: nameParam }),
  responses: { 204: { description: 'Released' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const alias = parseRepositoryName(params.space, params.alias);
    if (alias === undefined) throw new AppError('not_found', 'This is not a valid repository name');
    await removeAlias(ctx, repository, alias);
    return reply(204);
  },
});

export const repositoryNameEndpoints = [moveRepositoryTo, getAliases, deleteAlias];
