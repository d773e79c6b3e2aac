import { z } from 'zod';
import { doerOf } from '../../../features/access/doer';
import { freeRetiredName, listRetiredNames } from '../../../features/repositories/retired-names';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { moment, nameParam } from './schemas';

/* Names that stay taken although what they named is gone; for administrators. */

const retiredNameSchema = z
  .strictObject({
    name: z.string().describe('`namespace`, or `namespace/name` for the former name of a repository'),
    since: moment.describe('Since when one could pull by it, or since when it was a former name'),
  })
  .meta({ id: 'RetiredName' });

const FACTS = { path: '/api/v1.1/retired-names/', tag: 'administration', access: 'administrator' } as const;

const listNames = endpoint({
  ...FACTS,
  method: 'get',
  summary: 'List the names that nobody can take because hosts may still pull by them',
  query: z.object(pageQuery),
  responses: { 200: { description: 'A page of them, by name', body: pageOf(retiredNameSchema) } },
  handle: async (ctx, { req, query }) => {
    const { total, names } = await listRetiredNames(ctx, rangeOf(query));
    const results = names.map(({ name, since }) => ({ name, since: since.toISOString() }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const freeNamespace = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/retired-names/:namespace/',
  summary: 'Let anybody take the name of a namespace that is gone',
  params: z.object({ namespace: nameParam }),
  responses: { 204: { description: 'The name is free' } },
  handle: async (ctx, { params, caller }) => {
    await freeRetiredName(ctx, params.namespace, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

const freeRepository = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/retired-names/:namespace/:name/',
  summary: 'Let the owner of a namespace use the former name of a repository that is gone',
  params: z.object({ namespace: nameParam, name: nameParam }),
  responses: { 204: { description: 'The name is free' } },
  handle: async (ctx, { params, caller }) => {
    await freeRetiredName(ctx, `${params.namespace}/${params.name}`, doerOf(caller.actor, caller.account));
    return reply(204);
  },
});

export const retiredNameEndpoints = [listNames, freeNamespace, freeRepository];
