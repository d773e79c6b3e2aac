import { createImage, pushImages } from '../helpers/images';
import { basic, startTestServer, addUser, type TestServer } from '../helpers/test-server';
import { comparable, Sender } from './answers';
import { addOrganizations, addPrivateThings, fillRepository } from './stage';

/*
 * Lists, totals and figures that everyone may see: they are the same, byte for byte, whether or not there are private
 * things.
 */

const PATHS = [
  '/v1/search?q=app',
  '/v1/search?q=',
  '/v1/search?q=alice&n=1&page=2',
  '/v1/repositories/alice/app/tags',
  '/v2/_catalog',
  '/v2/_catalog?n=1',
  '/v2/alice/app/tags/list',
  '/api/v1.1/search/?q=app',
  '/api/v1.1/search/?q=alice&page_size=1',
  '/api/v1.1/search/?q=app&sort=stars',
  '/api/v1.1/search/?q=app&sort=pulls',
  '/api/v1.1/search/?q=app&sort=updated',
  '/api/v1.1/repositories/alice/',
  '/api/v1.1/repositories/alice/app/',
  '/api/v1.1/repositories/alice/app/images/',
  '/api/v1.1/repositories/alice/app/stargazers/',
  '/api/v1.1/repositories/alice/app/comments/',
  '/api/v1.1/repositories/acme/',
  '/api/v1.1/namespaces/alice/',
  '/api/v1.1/namespaces/acme/',
  '/api/v1.1/users/carol/starred/',
  '/api/v1.1/orgs/',
  '/api/v1.1/plans/',
  '/',
  '/explore/',
  '/explore/?sort=stars',
  '/explore/?sort=newest',
  '/search?q=app',
  '/search?q=alice&sort=stars',
  '/search?q=alice&type=users',
  '/api/v1.1/search/accounts/?q=alice',
  '/u/alice/',
  '/u/acme/',
  '/u/mona/',
  '/r/alice/app/',
  '/r/alice/app/tags/',
  '/r/alice/app/tree/',
  '/r/alice/app/comments/',
  '/robots.txt',
  '/metrics',
] as const;

let server: TestServer;
let sender: Sender;
const CALLERS: Readonly<Record<string, Record<string, string>>> = {
  anonymous: {},
  stranger: { Authorization: basic('carol') },
};

beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol', 'mona', 'dora']) await addUser(server, name);
  await addUser(server, 'root', { isAdmin: true });
  await addOrganizations(server);
  await pushImages(server, 'alice/app', [createImage()]);
  sender = new Sender(server.port);
});
afterAll(async () => {
  sender.close();
  await server.close();
});

async function seen(): Promise<Record<string, string>> {
  await server.ctx.activity.flush();
  const answers: Record<string, string> = {};
  for (const [name, headers] of Object.entries(CALLERS)) {
    for (const path of PATHS) {
      const isPage = !path.startsWith('/v1') && !path.startsWith('/api');
      const accept = { Accept: isPage ? 'text/html' : '*/*' };
      const answer = await sender.send({ method: 'GET', path, headers: { ...headers, ...accept }, body: undefined });
      answers[`${name} ${path}`] = path === '/metrics' ? namesIn(answer.body) : comparable(answer, new Map());
    }
  }
  return answers;
}

/** The names and labels of metrics, without their values, which change all the time. */
function namesIn(metrics: string): string {
  return metrics.match(/(alice|acme|repositor\w*=)[^ ]*/g)?.join('\n') ?? '';
}

it('no list, total or figure of what is public changes with what is private (R221)', async () => {
  const before = await seen();
  await addPrivateThings(server);
  await fillRepository(server, 'acme/safe-real', 'alice');
  expect(await seen()).toEqual(before);
});
