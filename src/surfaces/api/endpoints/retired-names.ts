import { z } from 'zod';
import { freeRetiredName, listRetiredNames } from '../../../features/repositories/retired-names';
import { endpoint, reply } from '../endpoint';
import { paged, pageOf, pageQuery, rangeOf } from '../paging';
import { moment, nameParam } from './schemas';

/* The reserved names of deleted or renamed accounts, and of deleted repositories, for administrators. */

const retiredNameSchema = z
  .strictObject({
    name: z.string().describe('`namespace`, or `namespace/name` for the former name of a repository'),
    since: moment.describe('When the name was first used, or when it became a former name'),
    held_by: z
      .string()
      .nullable()
      .describe('The account that had the name before it was renamed; null if what had the name is gone'),
  })
  .meta({ id: 'RetiredName' });

const FACTS = { path: '/api/v1.1/retired-names/', tag: 'administration', access: 'administrator' } as const;

const listNames = endpoint({
  ...FACTS,
  method: 'get',
  id: 'listReservedNames',
  summary: 'List the reserved names of deleted or renamed accounts, and of deleted repositories',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of names, by name', body: pageOf(retiredNameSchema) } },
  handle: async (ctx, { req, query, caller }) => {
    const { total, names } = await listRetiredNames(ctx, caller.actor, rangeOf(query));
    const results = names.map(({ name, since, heldBy }) => ({
      name,
      since: since.toISOString(),
      held_by: heldBy ?? null,
    }));
    return reply(200, paged(ctx, { req, query }, total, results));
  },
});

const freeNamespace = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/retired-names/:namespace/',
  id: 'releaseNamespaceName',
  summary: 'Release the name of a deleted or renamed namespace for anyone to take',
  description:
    'Logins by the former name of an account end within five minutes. Former names in the namespace that lead to ' +
    'repositories stay taken until they are removed there.',
  params: z.object({ namespace: nameParam }),
  responses: { 204: { description: 'Released' } },
  handle: async (ctx, { params, caller }) => {
    await freeRetiredName(ctx, caller.actor, params.namespace);
    return reply(204);
  },
});

const freeRepository = endpoint({
  ...FACTS,
  method: 'delete',
  path: '/api/v1.1/retired-names/:namespace/:name/',
  id: 'releaseRepositoryName',
  summary: "Release the former name of a deleted repository for the namespace's owner to use",
  params: z.object({ namespace: nameParam, name: nameParam }),
  responses: { 204: { description: 'Released' } },
  handle: async (ctx, { params, caller }) => {
    await freeRetiredName(ctx, caller.actor, `${params.namespace}/${params.name}`);
    return reply(204);
  },
});

export const retiredNameEndpoints = [listNames, freeNamespace, freeRepository];
