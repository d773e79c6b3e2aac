import { z } from 'zod';
import { deletePlan, listPlans, setPlan, type Plan } from '../../../features/namespaces/plans';
import { endpoint, reply } from '../endpoint';
import { pagedWhole, pageOf, pageQuery } from '../paging';
import { nameParam } from './schemas';

/* Plans: how many private repositories and bytes of layers a namespace may have. */

const LARGEST = 1_000_000_000;

const planFields = {
  private_repositories: z.int().min(0).max(LARGEST).nullable().describe('Null for no limit'),
  stored_bytes: z
    .int()
    .min(0)
    .nullable()
    .describe('Limit on the bytes of all layers of a namespace, each counted once. Null for no limit'),
  position: z.int().min(0).max(LARGEST).describe('Position in the list, lowest first'),
};

const planSchema = z.strictObject({ name: z.string(), ...planFields }).meta({ id: 'Plan' });

function planBody({ name, privateRepositories, storedBytes, position }: Plan): z.input<typeof planSchema> {
  return { name, private_repositories: privateRepositories ?? null, stored_bytes: storedBytes ?? null, position };
}

const getPlans = endpoint({
  method: 'get',
  path: '/api/v1.1/plans/',
  tag: 'plans',
  access: 'open',
  id: 'listPlans',
  summary: 'List the plans',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of plans, by position', body: pageOf(planSchema) } },
  handle: async (ctx, { req, query }) =>
    reply(200, pagedWhole(ctx, { req, query }, (await listPlans(ctx)).map(planBody))),
});

const ONE = {
  path: '/api/v1.1/plans/:name/',
  tag: 'plans',
  access: 'administrator',
  params: z.object({ name: nameParam }),
} as const;

const putPlan = endpoint({
  ...ONE,
  method: 'put',
  id: 'setPlan',
  summary: 'Create or change a plan; repositories that are already private stay private',
  body: z.strictObject({
    ...planFields,
    stored_bytes: planFields.stored_bytes.default(null),
    position: planFields.position.default(100),
  }),
  responses: {
    200: { description: 'The updated plan', body: planSchema },
    201: { description: 'The new plan', body: planSchema },
  },
  handle: async (ctx, { params, body, caller }) => {
    const { private_repositories: limit, stored_bytes: bytes, position } = body;
    const limits = { privateRepositories: limit ?? undefined, storedBytes: bytes ?? undefined };
    const plan = { name: params.name, ...limits, position };
    const isNew = await setPlan(ctx, caller.actor, plan);
    return reply(isNew ? 201 : 200, planBody(plan));
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'deletePlan',
  summary: 'Delete a plan that is not in use',
  responses: { 204: { description: 'Deleted' } },
  errors: ['conflict'],
  handle: async (ctx, { params, caller }) => {
    await deletePlan(ctx, caller.actor, params.name);
    return reply(204);
  },
});

export const planEndpoints = [getPlans, putPlan, deleteOne];
