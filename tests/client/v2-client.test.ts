import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../../src/platform/bytes/digest';
import { challengeOf, tokenUrl } from '../../src/client/v2/challenge';
import { UnexpectedAnswer, V2Session, wireTransport } from '../../src/client/v2/session';
import { pushBlob, putManifest, requestBlob, requestManifest } from '../../src/client/v2/v2-client';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

const LIMITS = { insecure: false, idleMs: 10_000, totalMs: 30_000, bodyBytes: 1024 * 1024 };

function sessionAt(url: string, login: string | undefined, scope?: string): V2Session {
  const options = { userAgent: 'test', basic: login, ...(scope === undefined ? {} : { scope }) };
  return new V2Session(url, options, wireTransport(LIMITS));
}

describe('with our server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await addUser(server, 'alice');
  });
  afterAll(() => server.close());

  it('pushes an image and reads it again, with the scopes of the challenges', async () => {
    const session = sessionAt(server.url, basic('alice'));
    const config = Buffer.from('{}');
    await pushBlob(session, 'alice/client', config);
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const described = { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: config.length };
    const manifest = { schemaVersion: 2, mediaType, artifactType: 'text/plain', config: described, layers: [] };
    const bytes = Buffer.from(JSON.stringify(manifest));
    await putManifest(session, 'alice/client', '1', { mediaType, bytes });
    const head = await requestManifest(session, 'HEAD', 'alice/client', '1');
    expect(head.answer.headers).toContainEqual(['Docker-Content-Digest', digestOf(bytes)]);
    expect((await requestManifest(session, 'GET', 'alice/client', '1')).answer.body).toEqual(bytes);
    expect((await requestBlob(session, 'GET', 'alice/client', digestOf(config))).answer.body).toEqual(config);
  });

  it('says which answer it cannot use', async () => {
    const pushing = pushBlob(sessionAt(server.url, basic('alice')), 'library/client', Buffer.from('x'));
    await expect(pushing).rejects.toBeInstanceOf(UnexpectedAnswer);
    await expect(pushing).rejects.toThrow(
      /POST .*\/v2\/library\/client\/blobs\/uploads\/ answered 40[13]: needed 202$/,
    );
    const refused = pushBlob(sessionAt(server.url, 'Basic YWxpY2U6bm8='), 'alice/client', Buffer.from('x'));
    await expect(refused).rejects.toThrow(/answered 401: needed 200 with a token for these credentials$/);
  });
});

describe('with other servers', () => {
  const opened: Server[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await new Promise((resolve) => each.close(resolve));
  });

  async function listen(listener: RequestListener): Promise<string> {
    const each = createServer(listener);
    opened.push(each);
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
  }

  /** A registry that gives the tokens 1, 2 and so on, and accepts only the last one. */
  async function registry(blob: RequestListener, expires: () => boolean = () => false): Promise<string> {
    let last = 0;
    const isAccepted = (req: IncomingMessage): boolean => req.headers.authorization === `Bearer ${last}` && !expires();
    return listen((req, res) => {
      const realm = `http://${String(req.headers.host)}/token`;
      if (req.url?.startsWith('/token') === true) res.end(JSON.stringify({ access_token: String((last += 1)) }));
      else if (isAccepted(req)) blob(req, res);
      else res.writeHead(401, { 'WWW-Authenticate': `Bearer realm="${realm}",service="s"` }).end();
    });
  }

  it('follows the redirect of a blob to another host without its token', async () => {
    let seen: IncomingMessage | undefined;
    const store = await listen((req, res) => {
      seen = req;
      res.end('bytes');
    });
    const url = await registry((_, res) => res.writeHead(307, { Location: `${store}/key` }).end());
    const { answer } = await requestBlob(sessionAt(url, undefined), 'GET', 'a/b', 'sha256:00');
    expect(answer.body.toString()).toBe('bytes');
    expect([seen?.url, seen?.headers.authorization]).toEqual(['/key', undefined]);
  });

  it('gives up after five redirects', async () => {
    const url = await registry((req, res) => res.writeHead(302, { Location: req.url }).end());
    expect((await requestBlob(sessionAt(url, undefined), 'GET', 'a/b', 'sha256:00')).answer.status).toBe(302);
  });

  it('gets another token when its token is no longer accepted, once for each request', async () => {
    let answers = 0;
    const url = await registry(
      (_, res) => res.end('bytes'),
      () => (answers += 1) === 2,
    );
    const session = sessionAt(url, undefined);
    for (let round = 0; round < 2; round += 1) {
      const { answer } = await requestBlob(session, 'GET', 'a/b', 'sha256:00');
      expect(answer.status).toBe(200);
    }
  });
});

describe('a challenge', () => {
  const headers = (value: string) => ({ headers: [['www-authenticate', value] as const] });

  it('has a realm, a service and a scope', () => {
    const text = 'Bearer realm="https://h/token?x=1",service="h",scope="repository:a/b:pull,push"';
    const challenge = challengeOf(headers(text));
    expect(challenge).toEqual({ realm: 'https://h/token?x=1', service: 'h', scope: 'repository:a/b:pull,push' });
    const url = new URL(tokenUrl(challenge!, undefined));
    expect([...url.searchParams]).toEqual([
      ['x', '1'],
      ['service', 'h'],
      ['scope', 'repository:a/b:pull,push'],
    ]);
    expect(new URL(tokenUrl(challenge!, 'other')).searchParams.get('scope')).toBe('other');
  });

  it.each([
    'Basic realm="x"',
    'Bearer realm="/token"',
    'Bearer realm="file:///etc"',
    'Bearer',
    'Bearer realm="http://"',
  ])('is not %s', (text) => {
    expect(challengeOf(headers(text))).toBeUndefined();
  });
});
