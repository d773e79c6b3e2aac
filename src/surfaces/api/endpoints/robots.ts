import { z } from 'zod';
import {
  createRobotToken,
  deleteRobot,
  listRobots,
  listRobotTokens,
  putRobot,
  revokeRobotToken,
  showRobot,
  type Robot,
  type RobotPlace,
} from '../../../features/namespaces/robots';
import { endpoint, reply } from '../endpoint';
import { paged, pagedWhole, pageOf, pageQuery, rangeOf } from '../paging';
import { accessTokenBody, accessTokenSchema, madeTokenSchema, newTokenOf, newTokenSchema } from './access-tokens';
import { organizationParams } from './organizations';
import { idParam, moment, nameParam } from './schemas';

/* Robots: accounts of an organization for machines, which log in with access tokens. Only owners manage them. */

const robotSchema = z
  .strictObject({
    username: z.string().describe('organization+name, the username it logs in with'),
    date_created: moment,
  })
  .meta({ id: 'Robot' });

function robotBody({ username, createdAt }: Robot): z.input<typeof robotSchema> {
  return { username, date_created: createdAt.toISOString() };
}

const robotParams = z.object({ org: nameParam, name: nameParam });

function placeOf(params: z.output<typeof robotParams>): RobotPlace {
  return { organization: params.org, name: params.name };
}

const FACTS = { tag: 'robots', access: 'account' } as const;
const ONE = { ...FACTS, path: '/api/v1.1/orgs/:org/robots/:name/', params: robotParams } as const;

const getRobots = endpoint({
  ...FACTS,
  method: 'get',
  path: '/api/v1.1/orgs/:org/robots/',
  id: 'listRobots',
  summary: 'List the robots of an organization',
  params: organizationParams,
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of robots, by name', body: pageOf(robotSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const { total, robots } = await listRobots(ctx, caller.actor, params.org, rangeOf(query));
    return reply(200, paged(ctx, { req, query }, total, robots.map(robotBody)));
  },
});

const getOne = endpoint({
  ...ONE,
  method: 'get',
  id: 'getRobot',
  summary: 'Show a robot',
  responses: { 200: { description: 'The robot', body: robotSchema } },
  handle: async (ctx, { params, caller }) => reply(200, robotBody(await showRobot(ctx, caller.actor, placeOf(params)))),
});

const putOne = endpoint({
  ...ONE,
  method: 'put',
  id: 'createRobot',
  summary: 'Create a robot, unless it exists',
  responses: {
    200: { description: 'The existing robot', body: robotSchema },
    201: { description: 'The new robot', body: robotSchema },
  },
  errors: ['invalid', 'conflict'],
  handle: async (ctx, { params, caller }) => {
    const { robot, isNew } = await putRobot(ctx, caller.actor, placeOf(params));
    return reply(isNew ? 201 : 200, robotBody(robot));
  },
});

const deleteOne = endpoint({
  ...ONE,
  method: 'delete',
  id: 'deleteRobot',
  summary: 'Delete a robot and its access tokens',
  responses: { 204: { description: 'Deleted' } },
  handle: async (ctx, { params, caller }) => {
    await deleteRobot(ctx, caller.actor, placeOf(params));
    return reply(204);
  },
});

const TOKENS = { ...ONE, path: '/api/v1.1/orgs/:org/robots/:name/tokens/' } as const;

const getTokens = endpoint({
  ...TOKENS,
  method: 'get',
  id: 'listRobotTokens',
  summary: 'List the access tokens of a robot',
  query: z.strictObject(pageQuery),
  responses: { 200: { description: 'A page of tokens, oldest first', body: pageOf(accessTokenSchema) } },
  handle: async (ctx, { req, params, query, caller }) => {
    const tokens = await listRobotTokens(ctx, caller.actor, placeOf(params));
    return reply(200, pagedWhole(ctx, { req, query }, tokens.map(accessTokenBody)));
  },
});

const postToken = endpoint({
  ...TOKENS,
  method: 'post',
  id: 'createRobotToken',
  summary: 'Create an access token for a robot',
  body: newTokenSchema,
  responses: { 201: { description: 'The token and its secret', body: madeTokenSchema } },
  errors: ['conflict'],
  handle: async (ctx, { params, body, caller }) => {
    const { token, secret } = await createRobotToken(ctx, caller.actor, placeOf(params), newTokenOf(body));
    return reply(201, { ...accessTokenBody(token), token: secret });
  },
});

const deleteToken = endpoint({
  ...TOKENS,
  method: 'delete',
  path: '/api/v1.1/orgs/:org/robots/:name/tokens/:id/',
  id: 'revokeRobotToken',
  summary: 'Revoke an access token of a robot',
  params: z.object({ ...robotParams.shape, id: idParam }),
  responses: { 204: { description: 'Revoked' } },
  handle: async (ctx, { params, caller }) => {
    await revokeRobotToken(ctx, caller.actor, placeOf(params), params.id);
    return reply(204);
  },
});

export const robotEndpoints = [getRobots, getOne, putOne, deleteOne, getTokens, postToken, deleteToken];
