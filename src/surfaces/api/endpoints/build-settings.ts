import { z } from 'zod';
import { addLink, listBases, removeLink, type LinkedBase } from '../../../features/builds/links';
import { listRules, setRules } from '../../../features/builds/rules';
import { createTrigger, getTrigger, removeTrigger } from '../../../features/builds/triggers';
import { noSuchRepository } from '../../../features/repositories/access';
import { getReadable } from '../../../features/repositories/get-repository';
import { AppError } from '../../../platform/errors';
import { endpoint, reply } from '../endpoint';
import { newRuleSchema, ruleBody, ruleInput, ruleSchema } from './build-rule-body';
import { administeredAsked, readableAsked, repositoryOf, repositoryParams } from './repository-asked';
import { moment, nameParam } from './schemas';

/* What causes the builds of an automated repository: rules, the trigger URL, links to base images. */

const REPOSITORY = '/api/v1.1/repositories/:namespace/:name/';
const FACTS = { tag: 'builds', access: 'account', params: repositoryParams } as const;

const rulesSchema = z.strictObject({ rules: z.array(ruleSchema) }).meta({ id: 'BuildRules' });

const getRules = endpoint({
  ...FACTS,
  access: 'optional',
  method: 'get',
  path: `${REPOSITORY}build-rules/`,
  id: 'listBuildRules',
  summary: 'List the build rules of a repository',
  responses: { 200: { description: 'The rules in their order', body: rulesSchema } },
  handle: async (ctx, { params, caller }) =>
    reply(200, { rules: (await listRules(ctx, await readableAsked(ctx, { caller, params }))).map(ruleBody) }),
});

const putRules = endpoint({
  ...FACTS,
  method: 'put',
  path: `${REPOSITORY}build-rules/`,
  id: 'setBuildRules',
  summary: 'Replace the build rules of a repository',
  description:
    'Rules with an id stay the same ones. Rules that are missing are deleted, and builds that wait for them end.',
  body: z.strictObject({ rules: z.array(newRuleSchema).max(50) }),
  responses: { 200: { description: 'The rules in their order', body: rulesSchema } },
  handle: async (ctx, { params, body, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    return reply(200, { rules: (await setRules(ctx, repository, body.rules.map(ruleInput))).map(ruleBody) });
  },
});

const triggerSchema = z
  .strictObject({
    date_created: moment,
    calls: z
      .array(
        z.strictObject({
          date: moment,
          address: z.string(),
          asked: z.string(),
          outcome: z.enum(['started', 'pending', 'too_often', 'nothing']),
        }),
      )
      .describe('The last ten calls'),
  })
  .meta({ id: 'BuildTrigger' });

const getOneTrigger = endpoint({
  ...FACTS,
  method: 'get',
  path: `${REPOSITORY}build-trigger/`,
  id: 'getBuildTrigger',
  summary: 'Show the last calls of the trigger URL',
  responses: { 200: { description: 'The trigger without its URL', body: triggerSchema } },
  handle: async (ctx, { params, caller }) => {
    const trigger = await getTrigger(ctx, await administeredAsked(ctx, { caller, params }));
    if (trigger === undefined) throw new AppError('not_found', 'There is no trigger');
    const calls = trigger.calls.map(({ at, ...call }) => ({ date: at.toISOString(), ...call }));
    return reply(200, { date_created: trigger.createdAt.toISOString(), calls });
  },
});

const postTrigger = endpoint({
  ...FACTS,
  method: 'post',
  path: `${REPOSITORY}build-trigger/`,
  id: 'createBuildTrigger',
  summary: 'Create a URL that starts builds without other credentials',
  description: 'The former URL ends. A POST of `build=true`, `docker_tag`, or `source_type` and `source_name` builds.',
  responses: {
    201: {
      description: 'The URL; never shown again',
      body: z.strictObject({ url: z.string() }).meta({ id: 'BuildTriggerUrl' }),
    },
  },
  handle: async (ctx, { params, caller }) =>
    reply(201, await createTrigger(ctx, await administeredAsked(ctx, { caller, params }))),
});

const deleteTrigger = endpoint({
  ...FACTS,
  method: 'delete',
  path: `${REPOSITORY}build-trigger/`,
  id: 'removeBuildTrigger',
  summary: 'Remove the trigger URL',
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    await removeTrigger(ctx, await administeredAsked(ctx, { caller, params }));
    return reply(204);
  },
});

const linksSchema = z
  .strictObject({
    links: z.array(z.strictObject({ namespace: z.string(), name: z.string(), date_created: moment })),
  })
  .meta({ id: 'RepositoryLinks' });

function linksBody(bases: readonly LinkedBase[]): z.input<typeof linksSchema> {
  const links = bases.map(({ namespace, name, createdAt }) => ({
    namespace,
    name,
    date_created: createdAt.toISOString(),
  }));
  return { links };
}

const getLinks = endpoint({
  ...FACTS,
  method: 'get',
  path: `${REPOSITORY}build-links/`,
  id: 'listRepositoryLinks',
  summary: 'List the base repositories whose pushes build this one',
  responses: { 200: { description: 'The links by name', body: linksSchema } },
  handle: async (ctx, { params, caller }) =>
    reply(200, linksBody(await listBases(ctx, await administeredAsked(ctx, { caller, params })))),
});

const postLink = endpoint({
  ...FACTS,
  method: 'post',
  path: `${REPOSITORY}build-links/`,
  id: 'addRepositoryLink',
  summary: 'Build this repository after each push to a base repository',
  body: z.strictObject({ namespace: nameParam, name: nameParam }),
  responses: { 200: { description: 'The links by name', body: linksSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const repository = await administeredAsked(ctx, { caller, params });
    const name = repositoryOf(body);
    const base = await getReadable(ctx, caller.actor, name, { missing: noSuchRepository(name) });
    return reply(200, linksBody(await addLink(ctx, repository, base)));
  },
});

const deleteLink = endpoint({
  ...FACTS,
  method: 'delete',
  path: `${REPOSITORY}build-links/:base_namespace/:base_name/`,
  id: 'removeRepositoryLink',
  summary: 'Remove the link to a base repository',
  params: repositoryParams.extend({ base_namespace: nameParam, base_name: nameParam }),
  responses: { 204: { description: 'Removed' } },
  handle: async (ctx, { params, caller }) => {
    const base = { namespace: params.base_namespace, name: params.base_name };
    await removeLink(ctx, await administeredAsked(ctx, { caller, params }), base);
    return reply(204);
  },
});

export const buildSettingEndpoints = [
  getRules,
  putRules,
  getOneTrigger,
  postTrigger,
  deleteTrigger,
  getLinks,
  postLink,
  deleteLink,
];
