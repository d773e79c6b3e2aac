import { z } from 'zod';
import { readLog } from '../../../features/builds/build-log';
import { getBuild, listBuilds } from '../../../features/builds/builds';
import { cancelBuild, retryBuild, startBuilds, type StartRequest } from '../../../features/builds/starting';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { buildBody, buildSchema, refTypeSchema, stateSchema } from './build-body';
import { administeredAsked, readableAsked, repositoryParams } from './repository-asked';
import { idParam, line, moment } from './schemas';

/* The builds of an automated repository. */

const BUILDS = '/api/v1.1/repositories/:namespace/:name/builds/';
const READ = { tag: 'builds', access: 'optional' } as const;
const CHANGE = { tag: 'builds', access: 'account' } as const;

const buildParams = repositoryParams.extend({ build: idParam });

const getAll = endpoint({
  ...READ,
  method: 'get',
  path: BUILDS,
  id: 'listBuilds',
  summary: 'List the builds of a repository',
  params: repositoryParams,
  query: z.strictObject({
    ...pageQuery,
    state: stateSchema.optional(),
    source_name: line(255).optional().describe('Only of this branch or tag'),
    docker_tag: line(128).optional(),
  }),
  responses: { 200: { description: 'A page of builds, newest first', body: pageOf(buildSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { state, source_name: refName, docker_tag: tag } = query;
    const repository = await readableAsked(ctx, { caller, params });
    const { total, builds } = await listBuilds(ctx, repository, { state, refName, tag }, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, builds.map(buildBody)));
  },
});

const startFields = z.strictObject({
  rule: z.int().min(1).optional().describe('Only this build rule'),
  source_type: refTypeSchema.optional().describe('With source_name: the rules that are about this branch or tag'),
  source_name: line(255).min(1).optional(),
  docker_tag: line(128).min(1).optional().describe('Only the rules with this tag'),
  no_cache: z.boolean().optional().describe('Run all steps again, without the layers of earlier builds'),
});

/** What a body asks for; the first of its fields counts. */
function requestIn(body: z.output<typeof startFields>): StartRequest {
  const { rule, source_type: type = 'branch', source_name: name, docker_tag: tag } = body;
  if (rule !== undefined) return { kind: 'rule', id: rule };
  if (name !== undefined) return { kind: 'ref', type, name };
  return tag === undefined ? { kind: 'all' } : { kind: 'tag', tag };
}

const startedSchema = z.strictObject({ builds: z.array(buildSchema) }).meta({ id: 'StartedBuilds' });

const postOne = endpoint({
  ...CHANGE,
  method: 'post',
  path: BUILDS,
  id: 'startBuilds',
  summary: 'Start builds: of all rules, of one rule, or of a branch or tag',
  description:
    'A rule with a pattern builds the branch or tag that it built last. Of a branch or tag, one build waits at most.',
  params: repositoryParams,
  body: startFields,
  responses: { 202: { description: 'The builds that wait now', body: startedSchema } },
  handle: async (ctx, { params, body, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    return reply(202, {
      builds: (await startBuilds(ctx, repository, requestIn(body), { noCache: body.no_cache })).map(buildBody),
    });
  },
});

const getOne = endpoint({
  ...READ,
  method: 'get',
  path: `${BUILDS}:build/`,
  id: 'getBuild',
  summary: 'Show a build',
  params: buildParams,
  responses: { 200: { description: 'The build', body: buildSchema } },
  handle: async (ctx, { params, caller }) =>
    reply(200, buildBody(await getBuild(ctx, await readableAsked(ctx, { caller, params }), params.build))),
});

const logSchema = z
  .strictObject({
    state: stateSchema,
    chunks: z.array(z.strictObject({ seq: z.int(), date: moment, text: z.string() })),
    last: z.int().describe('Ask again with this as `after`'),
    is_complete: z.boolean().describe('The build has ended, and this is the end of its log'),
  })
  .meta({ id: 'BuildLog' });

const getLog = endpoint({
  ...READ,
  method: 'get',
  path: `${BUILDS}:build/log/`,
  id: 'getBuildLog',
  summary: 'Read the log of a build, also while it runs',
  description: 'Text with the escape sequences of terminals for colours, and no others.',
  params: buildParams,
  query: z.strictObject({ after: z.coerce.number().int().min(0).optional().describe('The last part that you have') }),
  responses: { 200: { description: 'The next parts of the log', body: logSchema } },
  handle: async (ctx, { params, query, caller }) => {
    const repository = await readableAsked(ctx, { caller, params });
    const { chunks, last, isComplete, state } = await readLog(ctx, repository, params.build, query.after);
    const parts = chunks.map(({ seq, at, text }) => ({ seq, date: at.toISOString(), text }));
    return reply(200, { state, chunks: parts, last, is_complete: isComplete });
  },
});

const postCancel = endpoint({
  ...CHANGE,
  method: 'post',
  path: `${BUILDS}:build/cancel/`,
  id: 'cancelBuild',
  summary: 'Cancel a build that waits or runs',
  params: buildParams,
  responses: { 202: { description: 'The build; a running one ends in a moment', body: buildSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) =>
    reply(202, buildBody(await cancelBuild(ctx, await administeredAsked(ctx, { caller, params }), params.build))),
});

const postRetry = endpoint({
  ...CHANGE,
  method: 'post',
  path: `${BUILDS}:build/retry/`,
  id: 'retryBuild',
  summary: 'Build the branch or tag of a build once more',
  params: buildParams,
  responses: { 202: { description: 'The build that waits now', body: buildSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) =>
    reply(202, buildBody(await retryBuild(ctx, await administeredAsked(ctx, { caller, params }), params.build))),
});

export const buildEndpoints = [getAll, postOne, getOne, getLog, postCancel, postRetry];
