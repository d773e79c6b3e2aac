import { z } from 'zod';
import { VISIBILITIES } from '../../../features/access/policy';
import { deleteAtOnce } from '../../../features/repositories/deletion';
import { listNamespace } from '../../../features/repositories/listings';
import { getVisible } from '../../../features/repositories/get-repository';
import { changeSettings, createDescribedRepository } from '../../../features/repositories/repository-settings';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { administeredAsked, deletableAsked, repositoryParams, visibleAsked } from './repository-asked';
import {
  readDetails,
  repositoryBody,
  repositoryDetailsSchema,
  repositoryPath,
  repositorySchema,
  SETTINGS,
  settingsBody,
} from './repository-body';
import { line, nameParam } from './schemas';

/* Repositories: find, create, change and delete. Reading also works by a former name; changing does not. */

const listRepositories = endpoint({
  method: 'get',
  path: '/api/v1.1/repositories/:namespace/',
  tag: 'repositories',
  access: 'optional',
  id: 'listRepositories',
  summary: 'List the repositories of a namespace that you can see',
  params: z.object({ namespace: nameParam }),
  query: z.strictObject({ ...pageQuery, name: line(255).optional().describe('Part of the name') }),
  responses: { 200: { description: 'A page of repositories, by name', body: pageOf(repositorySchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const wanted = { ...rangeOf(query), text: query.name };
    const { total, repositories } = await listNamespace(ctx, caller.actor, params.namespace, wanted);
    return reply(200, paged(ctx, { req, query }, total, repositories.map(repositoryBody)));
  },
});

/** Markdown of 64 KiB, in JSON that escapes every character. */
const DESCRIBING_BODY_BYTES = 512 * 1024;
const FULL_DESCRIPTION_CHARACTERS = 64 * 1024;

const settingsShape = {
  visibility: z.enum(VISIBILITIES).optional(),
  description: line(255).optional().describe('One line of at most 100 characters'),
  full_description: line(FULL_DESCRIPTION_CHARACTERS).optional().describe('Markdown of at most 64 KiB'),
};

const postRepository = endpoint({
  method: 'post',
  path: '/api/v1.1/repositories/',
  tag: 'repositories',
  access: 'account',
  id: 'createRepository',
  summary: 'Create an empty repository',
  description:
    'In your own namespace, an organization that you own or, as a site administrator, anywhere. A plan without room for one ' +
    'more private repository, and the former name of another repository, are refused with 403. An access token needs ' +
    'admin access.',
  body: z.strictObject({ namespace: nameParam, name: nameParam, ...settingsShape }),
  bodyBytes: DESCRIBING_BODY_BYTES,
  responses: {
    201: {
      description: 'The new repository',
      body: repositoryDetailsSchema,
      headers: { Location: 'Path of the repository' },
    },
  },
  errors: ['not_found', 'conflict'],
  handle: async (ctx, { body, caller: { actor } }) => {
    const { namespace, name, visibility, description, full_description: fullDescription } = body;
    const made = { namespace, name };
    await createDescribedRepository(ctx, actor, made, { visibility, description, fullDescription });
    const repository = await getVisible(ctx, actor, made);
    return reply(201, await readDetails(ctx, repository), { Location: repositoryPath(made) });
  },
});

const FACTS = {
  path: '/api/v1.1/repositories/:namespace/:name/',
  tag: 'repositories',
  params: repositoryParams,
} as const;

const getRepository = endpoint({
  ...FACTS,
  method: 'get',
  access: 'optional',
  id: 'getRepository',
  summary: 'Show a repository',
  description:
    'A former name of a renamed or transferred repository is answered as its current name, which is in the ' +
    'response; so are its tags, their history and statistics. Changes need the current name. The ETag covers ' +
    'the settings: counts do not change it.',
  responses: { 200: { description: 'The repository', body: repositoryDetailsSchema } },
  etag: 'sent',
  versionedBy: SETTINGS,
  handle: async (ctx, input) => reply(200, await readDetails(ctx, await visibleAsked(ctx, input))),
});

const patchRepository = endpoint({
  ...FACTS,
  method: 'patch',
  access: 'account',
  id: 'updateRepository',
  summary: 'Change settings of a repository; all of them or none',
  description: 'A plan without room for one more private repository is refused with 403.',
  body: z.strictObject({
    ...settingsShape,
    immutable_tags: z
      .array(line(128))
      .max(100)
      .optional()
      .describe('Patterns with * and ?: ["*"] for all tags, [] for none'),
  }),
  bodyBytes: DESCRIBING_BODY_BYTES,
  responses: { 200: { description: 'The updated repository', body: repositoryDetailsSchema } },
  etag: 'required',
  versionedBy: SETTINGS,
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const changes = {
      visibility: body.visibility,
      description: body.description,
      fullDescription: body.full_description,
      immutableTags: body.immutable_tags,
    };
    await changeSettings(ctx, repository, changes, (current) => assertCurrent(settingsBody(current)));
    return reply(200, await readDetails(ctx, await administeredAsked(ctx, { caller, params })));
  },
});

const deleteRepository = endpoint({
  ...FACTS,
  method: 'delete',
  access: 'account',
  id: 'deleteRepository',
  summary: 'Delete a repository with its tags and images, immediately',
  description:
    'Also finishes a deletion started by the v1 protocol, which the status shows. A repository with immutable tags is a ' +
    '409: set its immutable_tags to [] first.',
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, input) => {
    await deleteAtOnce(ctx, await deletableAsked(ctx, input));
    return reply(204);
  },
});

export const repositoryEndpoints = [listRepositories, postRepository, getRepository, patchRepository, deleteRepository];
