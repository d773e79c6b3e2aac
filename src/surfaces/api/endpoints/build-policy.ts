import { z } from 'zod';
import {
  getBuildPolicy,
  removeBuildPolicy,
  setBuildPolicy,
  type BuildPolicy,
} from '../../../features/builds/namespace-policy';
import { endpoint, reply } from '../endpoint';
import { line, nameParam } from './schemas';

/* What site administrators decide for the builds of a namespace. */

const policyFields = {
  allows_network: z.boolean().describe('Builds of all of its repositories reach the web, through a proxy'),
  build_arguments: z
    .record(line(100), line(4096))
    .describe('Values of ARG, such as the URL of a mirror; those of a build source count more'),
};

const policySchema = z.strictObject({ namespace: z.string(), ...policyFields }).meta({ id: 'BuildPolicy' });

function policyBody({ namespace, allowsNetwork, buildArguments }: BuildPolicy): z.input<typeof policySchema> {
  return { namespace, allows_network: allowsNetwork, build_arguments: buildArguments };
}

const ONE = {
  path: '/api/v1.1/namespaces/:name/build-policy/',
  tag: 'builds',
  access: 'administrator',
  params: z.object({ name: nameParam }),
  errors: ['not_found'],
} as const;

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getBuildPolicy',
  summary: 'Show what the builds of a user or organization may do',
  responses: { 200: { description: 'The policy', body: policySchema } },
  handle: async (ctx, { params, caller }) =>
    reply(200, policyBody(await getBuildPolicy(ctx, caller.actor, params.name))),
});

const putOne = endpoint({
  ...ONE,
  method: 'put',
  id: 'setBuildPolicy',
  summary: 'Decide what the builds of a user or organization may do',
  body: z.strictObject({ ...policyFields, build_arguments: policyFields.build_arguments.default({}) }),
  responses: { 200: { description: 'The updated policy', body: policySchema } },
  handle: async (ctx, { params, body, caller }) => {
    const { allows_network: allowsNetwork, build_arguments: buildArguments } = body;
    const policy = { namespace: params.name, allowsNetwork, buildArguments };
    return reply(200, policyBody(await setBuildPolicy(ctx, caller.actor, policy)));
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'removeBuildPolicy',
  summary: 'Remove the build policy of a user or organization',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeBuildPolicy(ctx, caller.actor, params.name);
    return reply(204);
  },
});

export const buildPolicyEndpoints = [getOne, putOne, deleteOne];
