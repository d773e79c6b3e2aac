import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { call, makePrivate, reply } from '../../helpers/registry-client';
import { CHALLENGE, addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const UNKNOWN = {
  arch: 'amd64',
  docker_go_version: null,
  docker_version: null,
  kernel: null,
  last_update: null,
  os: 'linux',
};
const ENGINE = 'docker/1.5.0 go/go1.4.1 git-commit/0000000 kernel/3.13.0-24-Generic os/LINUX arch/AMD64';

let server: TestServer;
const image = createImage();
beforeAll(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'carol']) await addUser(server, name);
  await pushImages(server, 'alice/app', [image], { tag: 'plain' });
});
afterAll(() => server.close());

async function describeAt(path: string, authorization?: string): Promise<unknown> {
  const call_ = authorization === undefined ? {} : { authorization };
  const { status, text, headers } = await call(server, 'get', `/v1/repositories/${path}`, call_);
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([200, 'application/json', 'no-cache']);
  return JSON.parse(text);
}

async function putTag(tag: string, userAgent: string): Promise<void> {
  const answer = call(server, 'put', `/v1/repositories/alice/app/tags/${tag}`, {
    authorization: basic('alice'),
    headers: { 'User-Agent': userAgent },
    body: `"${image.id}"`,
  });
  expect(await reply(answer)).toEqual([200, 'true']);
}

describe('GET /v1/repositories/R/json and /tags/<tag>/json (protocol 4.13)', () => {
  it('answers defaults for an unknown repository or tag', async () => {
    const paths = ['alice/app/json', 'alice/app/tags/nothing/json', 'alice/nothing/json', 'alice/nothing/tags/x/json'];
    for (const path of paths) expect(await describeAt(path)).toEqual(UNKNOWN);
    expect(await describeAt('nothing/json')).toEqual(UNKNOWN);
    expect(await describeAt('library/nothing/tags/x/json/')).toEqual(UNKNOWN);
  });

  it("answers what the pusher's User-Agent contains", async () => {
    const before = Math.floor(Date.now() / 1000);
    await putTag('latest', ENGINE);
    const described = {
      arch: 'amd64',
      docker_go_version: 'go1.4.1',
      docker_version: '1.5.0',
      kernel: '3.13.0-24-generic',
      os: 'linux',
    };
    for (const path of ['alice/app/json', 'alice/app/tags/latest/json']) {
      const answer = (await describeAt(path, await startPull(server, 'alice/app'))) as { last_update: number };
      expect(answer).toEqual({ ...described, last_update: expect.any(Number) });
      expect(Number.isInteger(answer.last_update)).toBe(true);
      expect(answer.last_update).toBeGreaterThanOrEqual(before);
      expect(answer.last_update).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    }
  });

  it('answers the defaults and the time for a pusher without a User-Agent', async () => {
    await putTag('silent', 'curl');
    expect(await describeAt('alice/app/tags/silent/json')).toEqual({ ...UNKNOWN, last_update: expect.any(Number) });
  });

  it('forgets the repository json with the tag latest', async () => {
    await putTag('latest', ENGINE);
    await call(server, 'delete', '/v1/repositories/alice/app/tags/latest', { authorization: basic('alice') });
    expect(await describeAt('alice/app/json')).toEqual(UNKNOWN);
    expect(await describeAt('alice/app/tags/plain/json')).toMatchObject({ last_update: expect.any(Number) });
  });

  it('tells another user of a private repository no more than of one that does not exist', async () => {
    const token = await startPush(server, 'alice/hidden', []);
    await makePrivate(server, 'alice/hidden', 'alice');
    expect(await describeAt('alice/hidden/json', basic('carol'))).toEqual(UNKNOWN);
    for (const path of ['alice/hidden/json', 'alice/hidden/tags/latest/json']) {
      expect(await describeAt(path)).toEqual(UNKNOWN);
    }
    const other = await call(server, 'get', '/v1/repositories/alice/app/json', { authorization: token });
    expect([other.status, other.headers['www-authenticate']]).toEqual([401, CHALLENGE]);
  });
});
