import type { Target } from './images';
import { call, reply } from './registry-client';
import { addUser, startTestServer, type TestServer } from './test-server';

/** A server with alice, who owns the repository in question, carol, who has no access, and root, the administrator. */
export async function startServerWithStranger(): Promise<TestServer> {
  const server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  return server;
}

/** For `call`, of a caller who may be anonymous. */
export function credentials(authorization: string | undefined): { authorization?: string } {
  return authorization === undefined ? {} : { authorization };
}

type Reply = Promise<[status: number, body: string]>;

/**
 * The requests of one test file about repositories, as any user; each resolves to status and body.
 *
 * @param serverOf - the server, which a test file has only when its tests run
 * @param suffix - the part after the repository in every path
 */
export function repositoryClient(serverOf: () => Target, suffix = '') {
  const at = (path: string): string => `/v1/repositories/${path}${suffix}`;
  return {
    get: (path: string, authorization?: string): Reply =>
      reply(call(serverOf(), 'get', at(path), credentials(authorization))),
    put: (path: string, body: string, authorization?: string): Reply =>
      reply(call(serverOf(), 'put', at(path), { ...credentials(authorization), body })),
    remove: (path: string, authorization?: string): Reply =>
      reply(call(serverOf(), 'delete', at(path), credentials(authorization))),
  };
}
