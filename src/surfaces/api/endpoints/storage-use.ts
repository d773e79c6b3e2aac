import { z } from 'zod';
import {
  getStorageUse,
  removeStorageLimit,
  setStorageLimit,
  type StorageUse,
} from '../../../features/storage/storage-use';
import { endpoint, reply } from '../endpoint';
import { nameParam } from './schemas';

/* How much a namespace stores, and how much it may. */

const useSchema = z
  .strictObject({
    namespace: z.string(),
    used: z.int().describe('Bytes of all layers, each counted once'),
    limit: z.int().nullable().describe('Bytes that it may have; null for no limit'),
    limited_by: z
      .enum(['plan', 'own', 'nothing'])
      .describe('`own`: administrators gave it its own limit. `nothing`: it belongs to a site administrator'),
  })
  .meta({ id: 'StorageUse' });

function useBody({ namespace, usedBytes, limitBytes, limitedBy }: StorageUse): z.input<typeof useSchema> {
  return { namespace, used: usedBytes, limit: limitBytes ?? null, limited_by: limitedBy };
}

const ONE = {
  path: '/api/v1.1/namespaces/:name/storage/',
  tag: 'namespaces',
  params: z.object({ name: nameParam }),
} as const;

const getUse = endpoint({
  ...ONE,
  access: 'account',
  method: 'get',
  id: 'getNamespaceStorage',
  summary: 'Show how much a user or organization stores, and how much it may, as a member',
  responses: { 200: { description: 'The use and the limit', body: useSchema } },
  handle: async (ctx, { params, caller }) => reply(200, useBody(await getStorageUse(ctx, caller.actor, params.name))),
});

const putLimit = endpoint({
  ...ONE,
  access: 'administrator',
  method: 'put',
  id: 'setStorageLimit',
  summary: 'Give a user or organization its own limit instead of the one of its plan',
  description: 'A limit below what is stored deletes nothing; only further layers are refused.',
  body: z.strictObject({ limit: z.int().min(0).nullable().describe('Bytes; null for no limit') }),
  responses: { 200: { description: 'The use and the new limit', body: useSchema } },
  errors: ['not_found'],
  handle: async (ctx, { params, body, caller }) =>
    reply(200, useBody(await setStorageLimit(ctx, caller.actor, params.name, body.limit ?? undefined))),
});

const deleteLimit = endpoint({
  ...ONE,
  access: 'administrator',
  method: 'delete',
  id: 'removeStorageLimit',
  summary: 'Let the limit of its plan count for a user or organization again',
  responses: { 200: { description: 'The use and the limit of the plan', body: useSchema } },
  errors: ['not_found'],
  handle: async (ctx, { params, caller }) =>
    reply(200, useBody(await removeStorageLimit(ctx, caller.actor, params.name))),
});

export const storageUseEndpoints = [getUse, putLimit, deleteLimit];
