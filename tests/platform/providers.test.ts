import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PROVIDER_KINDS, type GitProvider } from '../../src/platform/providers/git-provider';
import { createProviders } from '../../src/platform/providers/providers';

/* Answers that no documentation has. */

type Answer = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

let answer: Answer;
let asked: string[];
let url: string;
const server = createServer((req, res) => {
  asked.push(req.url ?? '');
  res.writeHead(answer.status, answer.headers).end(answer.body ?? '');
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => (asked = []));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function provider(kind: (typeof PROVIDER_KINDS)[number]): GitProvider {
  const found = createProviders([{ kind, baseUrl: url, clientId: 'id', clientSecret: 'secret' }]).get(kind);
  if (found === undefined) throw new Error('there is no such provider');
  return found;
}

describe.each(PROVIDER_KINDS)('the API of %s', (kind) => {
  it('may redirect elsewhere, but the token is not sent there (R343)', async () => {
    answer = { status: 301, headers: { Location: `${url}/elsewhere` } };
    await expect(provider(kind).user('token')).rejects.toMatchObject({ failure: 'missing' });
    expect(asked).toHaveLength(1);
  });

  it('may answer without an end, or with another language, and that is one sentence', async () => {
    answer = { status: 200, body: 'x'.repeat(9 * 1024 * 1024) };
    await expect(provider(kind).user('token')).rejects.toMatchObject({ failure: 'unreachable' });
    answer = { status: 200, body: '<html>Please log in</html>' };
    await expect(provider(kind).user('token')).rejects.toMatchObject({ failure: 'unreachable' });
  });

  it('says in a sentence why it refuses, without control characters', async () => {
    const message = 'key is already\u001b[31m in use\n';
    answer = { status: 422, body: JSON.stringify({ message, error: { message } }) };
    const refused = provider(kind).repository('token', 'a/b');
    await expect(refused).rejects.toMatchObject({ failure: 'refused' });
    await expect(refused).rejects.toThrow(/refused the request \(key is already \[31m in use/);
  });

  it('may limit requests for a time that is not sensible', async () => {
    answer = { status: 429, headers: { 'Retry-After': '99999999' } };
    await expect(provider(kind).user('token')).rejects.toMatchObject({ failure: 'limited', retryAfterSeconds: 3600 });
    answer = { status: 403, headers: { 'X-RateLimit-Remaining': '0' } };
    await expect(provider(kind).user('token')).rejects.toMatchObject({ failure: 'limited', retryAfterSeconds: 60 });
  });
});

it('a provider that does not listen is one sentence', async () => {
  const gone = createProviders([{ kind: 'gitea', baseUrl: 'http://127.0.0.1:1', clientId: 'id', clientSecret: 's' }]);
  await expect(gone.get('gitea')?.user('token')).rejects.toMatchObject({
    code: 'unavailable',
    message: 'Gitea cannot be reached now',
  });
});
