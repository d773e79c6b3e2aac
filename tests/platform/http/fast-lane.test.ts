import { createServer, type Server } from 'node:http';
import express from 'express';
import fc from 'fast-check';
import request from 'supertest';
import type { Context } from '../../../src/context';
import { json } from '../../../src/platform/http/exchange';
import { createFastLane } from '../../../src/platform/http/fast-lane';
import { beginRequest } from '../../../src/platform/http/request-state';
import { HTTP_TIMEOUTS } from '../../../src/platform/http/timeouts';
import { createSurface, mountSurfaces } from '../../../src/platform/http/surface';
import { createLogger } from '../../../src/platform/log/logger';
import { v1Routes } from '../../../src/surfaces/v1/routes';

/*
 * The lane and Express get the same rows, and must make the same choice for every path. Each row answers with its own
 * pattern and what it read from the path.
 */

const surface = createSurface<'any', { any: undefined }>({
  routes: v1Routes({} as Context).map(({ method, path }) => ({
    method,
    path,
    access: 'any',
    handle: ({ params }) => json(200, { path, params: { ...params } }),
  })),
  guards: { any: () => Promise.resolve(undefined) },
  headers: () => ({}),
  errorReply: () => () => json(500, 'failed'),
  fallback: { path: '/v1', reply: () => json(404, 'no route') },
});

const log = createLogger('silent');
let viaExpress: Server;
let viaLane: Server;

beforeAll(() => {
  const app = express();
  app.enable('case sensitive routing');
  mountSurfaces(app, [surface]);
  const lane = createFastLane([surface]);
  viaExpress = createServer((req, res) => {
    beginRequest(req, res, log, HTTP_TIMEOUTS);
    app(req, res);
  }).listen();
  viaLane = createServer((req, res) => {
    beginRequest(req, res, log, HTTP_TIMEOUTS);
    if (!lane(req, res)) app(req, res);
  }).listen();
});
afterAll(() => {
  viaExpress.close();
  viaLane.close();
});

async function choices(path: string): Promise<unknown[]> {
  const answers = await Promise.all([viaExpress, viaLane].map((server) => request(server).get(path)));
  return answers.map(({ status, body }: { status: number; body: unknown }) => [status, body]);
}

const part = fc.oneof(
  fc.constantFrom('images', 'tags', 'json', 'auth', 'layer', 'access', 'properties', 'ancestry', 'users', 'search'),
  fc.constantFrom('library', 'alice', 'app', 'latest', 'a%2Fb', 'a%20b', 'V1', '.', 'x'.repeat(400), '%zz', ''),
);
const path = fc
  .tuple(
    fc.constantFrom('/v1/repositories', '/v1/images', '/v1/private_images', '/v1', ''),
    fc.array(part, { maxLength: 6 }),
    fc.constantFrom('', '/', '?q=1', '/?q=/tags'),
  )
  .map(([start, parts, end]) => `${[start, ...parts].join('/') || '/'}${end}`);

it('the fast lane chooses the same route and parameters as Express', async () => {
  await fc.assert(
    fc.asyncProperty(path, async (url) => {
      const [express_, lane] = await choices(url);
      expect(lane).toEqual(express_);
    }),
    { numRuns: 1500 },
  );
});

it('the fast lane leaves empty parts to Express', async () => {
  const [express_, lane] = await choices('/v1/repositories//images');
  expect(express_).toEqual([404, 'no route']);
  expect(lane).toEqual(express_);
});

it('the fast lane does not mistake its own paths for a repository', async () => {
  const [, lane] = await choices('/v1/repositories/foo/tags/tags');
  expect(lane).toEqual([
    200,
    { path: '/v1/repositories/:repository/tags/:tag', params: { repository: 'foo', tag: 'tags' } },
  ]);
});
