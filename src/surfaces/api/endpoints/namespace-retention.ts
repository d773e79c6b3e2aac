import { z } from 'zod';
import {
  getNamespaceRetention,
  previewNamespace,
  removeNamespaceRetention,
  setNamespaceRetention,
} from '../../../features/retention/namespace-policies';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { retentionBody, retentionSchema, rulesAsked, rulesInput, rulesOf, rulesQuery } from './retention-body';
import { nameParam } from './schemas';

/* Retention of a namespace: the policy of its repositories that have none of their own. */

const PATH = '/api/v1.1/namespaces/:name/retention/';
const FACTS = { tag: 'retention', access: 'account', params: z.object({ name: nameParam }) } as const;

const getPolicy = endpoint({
  ...FACTS,
  method: 'get',
  path: PATH,
  id: 'getNamespaceRetention',
  summary: 'Show the retention policy of a user or organization',
  responses: { 200: { description: 'The policy', body: retentionSchema } },
  etag: 'sent',
  handle: async (ctx, { params, caller }) =>
    reply(200, retentionBody(await getNamespaceRetention(ctx, caller.actor, params.name))),
});

const putPolicy = endpoint({
  ...FACTS,
  method: 'put',
  path: PATH,
  id: 'setNamespaceRetention',
  summary: 'Set which tags stay in the repositories that have no policy of their own',
  body: rulesInput,
  responses: { 200: { description: 'The updated policy', body: retentionSchema } },
  etag: 'heeded',
  handle: async (ctx, { params: { name }, body, caller, assertCurrent }) => {
    const applied = await setNamespaceRetention(ctx, caller.actor, { name, rules: rulesOf(body) }, (current) =>
      assertCurrent(retentionBody(current)),
    );
    return reply(200, retentionBody(applied));
  },
});

const deletePolicy = endpoint({
  ...FACTS,
  method: 'delete',
  path: PATH,
  id: 'removeNamespaceRetention',
  summary: 'Remove the retention policy of a user or organization',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeNamespaceRetention(ctx, caller.actor, params.name);
    return reply(204);
  },
});

const fateSchema = z
  .strictObject({
    namespace: z.string(),
    name: z.string(),
    has_own_policy: z.boolean().describe('Whether the repository has its own policy, so that this one does not apply'),
    deleted: z.int().describe('Number of tags that would be deleted'),
    kept: z.int().describe('Number of tags that would stay'),
  })
  .meta({ id: 'RepositoryFate' });

const getPreview = endpoint({
  ...FACTS,
  method: 'get',
  path: `${PATH}preview/`,
  id: 'previewNamespaceRetention',
  summary: 'List how many tags of each repository a run would delete now',
  description: 'A dry run of the policies that apply, or of the rules in the query.',
  query: z.strictObject({ ...pageQuery, ...rulesQuery }),
  responses: { 200: { description: 'A page of repositories, by name', body: pageOf(fateSchema) } },
  errors: ['invalid'],
  handle: async (ctx, { req, params: { name }, query, caller }) => {
    const asked = { name, rules: rulesAsked(query) };
    const { total, repositories } = await previewNamespace(ctx, caller.actor, asked, rangeOf(query));
    const results = repositories.map(({ hasOwnPolicy, ...fate }) => ({ ...fate, has_own_policy: hasOwnPolicy }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

export const namespaceRetentionEndpoints = [getPolicy, putPolicy, deletePolicy, getPreview];
