import { z } from 'zod';
import { getRetention, removeRetention, setRetention } from '../../../features/retention/policies';
import { previewRetention, type TagFate } from '../../../features/retention/preview';
import { KEPT_BECAUSE } from '../../../features/retention/rules';
import { listRetentionRuns, startRetention, type RetentionRun } from '../../../features/retention/runs';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { administeredAsked, repositoryParams } from './repository-asked';
import { retentionBody, retentionSchema, rulesAsked, rulesInput, rulesOf, rulesQuery } from './retention-body';
import { moment } from './schemas';

/* Retention of a repository: its policy, dry runs and runs. */

const PATH = '/api/v1.1/repositories/:namespace/:name/retention/';
const FACTS = { tag: 'retention', access: 'account', params: repositoryParams } as const;

const getPolicy = endpoint({
  ...FACTS,
  method: 'get',
  path: PATH,
  id: 'getRetention',
  summary: 'Show the retention policy that applies to a repository',
  responses: { 200: { description: 'The policy', body: retentionSchema } },
  etag: 'sent',
  handle: async (ctx, input) => reply(200, retentionBody(await getRetention(ctx, await administeredAsked(ctx, input)))),
});

const putPolicy = endpoint({
  ...FACTS,
  method: 'put',
  path: PATH,
  id: 'setRetention',
  summary: 'Set which tags of a repository stay; a daily run deletes the others',
  description:
    'A tag stays if any rule keeps it. The tag `latest`, immutable tags and tags of the last hour always stay. ' +
    'A policy without rules deletes nothing, whatever the policy of the namespace says.',
  body: rulesInput,
  responses: { 200: { description: 'The updated policy', body: retentionSchema } },
  etag: 'heeded',
  handle: async (ctx, { params, body, caller, assertCurrent }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const applied = await setRetention(ctx, repository, rulesOf(body), (current) =>
      assertCurrent(retentionBody(current)),
    );
    return reply(200, retentionBody(applied));
  },
});

const deletePolicy = endpoint({
  ...FACTS,
  method: 'delete',
  path: PATH,
  id: 'removeRetention',
  summary: 'Remove the policy of a repository, so that the one of its namespace applies',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeRetention(ctx, await administeredAsked(ctx, { caller, params }));
    return reply(204);
  },
});

const fateSchema = z
  .strictObject({
    tag: z.string(),
    last_updated: moment.describe('When it was pushed last'),
    fate: z.enum(['deleted', 'kept']),
    kept_because: z
      .enum(KEPT_BECAUSE)
      .nullable()
      .describe('The first reason why it stays; null if it would be deleted'),
  })
  .meta({ id: 'TagFate' });

const previewSchema = pageOf(fateSchema)
  .extend({
    deleted: z.int().describe('Number of all tags that would be deleted'),
    kept: z.int().describe('Number of all tags that would stay'),
  })
  .meta({ id: 'RetentionPreview' });

function fateBody({ tag, pushedAt, keptBecause }: TagFate): z.input<typeof fateSchema> {
  const fate = keptBecause === undefined ? 'deleted' : 'kept';
  return { tag, last_updated: pushedAt.toISOString(), fate, kept_because: keptBecause ?? null };
}

const getPreview = endpoint({
  ...FACTS,
  method: 'get',
  path: `${PATH}preview/`,
  id: 'previewRetention',
  summary: 'List which tags a run would delete now, and why the others stay',
  description: 'A dry run of the policy that applies, or of the rules in the query.',
  query: z.strictObject({
    ...pageQuery,
    ...rulesQuery,
    fate: z.enum(['deleted', 'kept']).optional().describe('Only tags of this fate'),
  }),
  responses: { 200: { description: 'A page of tags, those that would be deleted first', body: previewSchema } },
  errors: ['invalid'],
  handle: async (ctx, { req, params, query, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const wanted = { ...rangeOf(query), fate: query.fate };
    const { deleted, kept, total, tags } = await previewRetention(ctx, repository, rulesAsked(query), wanted);
    return reply(200, { ...paged(ctx, { req, query }, total, tags.map(fateBody)), deleted, kept });
  },
});

const runSchema = z
  .strictObject({
    id: z.int(),
    state: z.enum(['waiting', 'running', 'finished', 'failed']),
    requested_by: z.string().nullable().describe('Null for the daily run'),
    requested_at: moment,
    started_at: moment.nullable(),
    finished_at: moment.nullable(),
    deleted: z.int().describe('Number of tags that were deleted so far'),
    kept: z.int().nullable().describe('Number of tags that were left at the end'),
    error: z.string().nullable(),
  })
  .meta({ id: 'RetentionRun' });

function runBody(run: RetentionRun): z.input<typeof runSchema> {
  return {
    id: run.id,
    state: run.state,
    requested_by: run.requestedBy ?? null,
    requested_at: run.requestedAt.toISOString(),
    started_at: run.startedAt?.toISOString() ?? null,
    finished_at: run.finishedAt?.toISOString() ?? null,
    deleted: run.deleted,
    kept: run.kept ?? null,
    error: run.error ?? null,
  };
}

const getRuns = endpoint({
  ...FACTS,
  method: 'get',
  path: `${PATH}runs/`,
  id: 'listRetentionRuns',
  summary: 'List the retention runs of a repository',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of runs, newest first', body: pageOf(runSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const { total, runs } = await listRetentionRuns(ctx, repository, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, runs.map(runBody)));
  },
});

const postRun = endpoint({
  ...FACTS,
  method: 'post',
  path: `${PATH}runs/`,
  id: 'startRetentionRun',
  summary: 'Delete the tags that no rule keeps, now',
  responses: { 202: { description: 'The run, which begins within seconds', body: runSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) =>
    reply(202, runBody(await startRetention(ctx, await administeredAsked(ctx, { caller, params })))),
});

export const retentionEndpoints = [getPolicy, putPolicy, deletePolicy, getPreview, getRuns, postRun];
