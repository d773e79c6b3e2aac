import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { addressRule } from '../../../src/platform/http/address-rules';
import {
  GuardedClient,
  RefusedTargetError,
  UnreachableNameError,
  type GuardedLimits,
  type Resolve,
} from '../../../src/platform/http/guarded-post';
import { startDnsServer } from '../../helpers/dns-server';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { selfSignedCertificate } from '../../helpers/self-signed-certificate';

const POST = { headers: { 'Content-Type': 'application/json', 'X-Mark': 'here' }, body: '{"a":"ü"}' };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  closing.push(() => started.close());
  return started;
}

function client(allowed: readonly string[], options: { resolve?: Resolve; limits?: Partial<GuardedLimits> } = {}) {
  return new GuardedClient(addressRule(allowed), options);
}

/** The answer for every name that leads to a forbidden target, or does not exist. */
const NOWHERE = 'the name of the host does not resolve to an address on the open internet';

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error instanceof RefusedTargetError || error instanceof UnreachableNameError).toBe(true);
  return (error as Error).message;
}

it('the guarded client posts a body over a new connection and returns status, headers and body', async () => {
  const there = await receiver(() => ({ status: 418, headers: { 'x-pot': 'tea' }, body: 'short' }));
  const answer = await client(['127.0.0.1']).post(`${there.url}/in?x=1`, POST);
  expect(answer).toMatchObject({ status: 418, headers: { 'x-pot': 'tea' } });
  expect(answer.body.toString()).toBe('short');
  expect(there.received).toMatchObject([{ method: 'POST', path: '/in?x=1', body: POST.body }]);
  expect(there.received[0]?.headers).toMatchObject({
    host: `127.0.0.1:${there.port}`,
    'content-length': '10',
    'x-mark': 'here',
    connection: 'close',
  });
});

it.each([
  ['127.0.0.1', '127.0.0.1', 'loopback'],
  ['2130706433', '127.0.0.1', 'loopback'],
  ['0x7f.1', '127.0.0.1', 'loopback'],
  ['[::1]', '::1', 'loopback'],
  ['[::ffff:127.0.0.1]', '127.0.0.1', 'loopback'],
  ['0.0.0.0', '0.0.0.0', 'unspecified'],
  ['[::]', '::', 'unspecified'],
  ['169.254.169.254', '169.254.169.254', 'linkLocal'],
])('the guarded client refuses http://%s', async (host, address, special) => {
  const there = await receiver();
  const message = await refusal(client([]).post(`http://${host}:${there.port}/`, POST));
  expect(message).toBe(`refused: ${address} is not on the open internet (${special})`);
  expect(there.received).toEqual([]);
});

it('the guarded client refuses a name that the system or a name server resolves to a forbidden address', async () => {
  const there = await receiver();
  await expect(refusal(client([]).post(`http://localhost:${there.port}/`, POST))).resolves.toBe(NOWHERE);
  const dns = await startDnsServer(['127.0.0.1']);
  closing.push(() => dns.close());
  const asked = client([], dns).post(`http://hooks.example.com:${there.port}/`, POST);
  await expect(refusal(asked)).resolves.toBe(NOWHERE);
  const missing = client([]).post('http://missing.invalid/', POST);
  await expect(refusal(missing)).resolves.toBe(NOWHERE);
  expect(there.received).toEqual([]);
});

it('the guarded client refuses a name if one of its addresses is not allowed', async () => {
  const resolve: Resolve = () => Promise.resolve(['8.8.8.8', 'fd00::1']);
  await expect(refusal(client([], { resolve }).post('http://a.example.com/', POST))).resolves.toBe(NOWHERE);
});

it('the guarded client connects to the checked address, even if the name then resolves to another (R16)', async () => {
  const there = await receiver();
  const dns = await startDnsServer(['127.0.0.1', '127.0.0.2']);
  closing.push(() => dns.close());
  const url = `http://hooks.example.com:${there.port}/`;
  // Both addresses reach this machine; only the first may be used.
  const { status } = await client(['127.0.0.1'], dns).post(url, POST);
  expect(status).toBe(200);
  expect(dns.questions()).toBe(1);
  expect(there.received[0]?.headers.host).toBe(`hooks.example.com:${there.port}`);
  await expect(refusal(client(['127.0.0.1'], dns).post(url, POST))).resolves.toBe(NOWHERE);
  expect(there.received).toHaveLength(1);
});

describe('the guarded client', () => {
  it.each([301, 302, 307, 308])('posts the same again after a %i', async (status) => {
    const there = await receiver(({ path }) =>
      path === '/' ? { status, headers: { location: '/b' } } : { status: 200 },
    );
    await client(['127.0.0.1']).post(`${there.url}/`, POST);
    expect(there.received.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/', POST.body],
      ['POST', '/b', POST.body],
    ]);
  });

  it('sends a GET after a 303', async () => {
    const there = await receiver(({ path }) =>
      path === '/' ? { status: 303, headers: { location: 'b' } } : { status: 200 },
    );
    await client(['127.0.0.1']).post(`${there.url}/`, POST);
    expect(there.received[1]).toMatchObject({ method: 'GET', path: '/b', body: '' });
  });

  it('follows three redirects, but not a fourth', async () => {
    const there = await receiver(({ path }) => ({ status: 307, headers: { location: `${path}x` } }));
    await expect(client(['127.0.0.1']).post(`${there.url}/`, POST)).rejects.toThrow('more than 3 redirects');
    expect(there.received.map(({ path }) => path)).toEqual(['/', '/x', '/xx', '/xxx']);
  });

  it.each(['127.0.0.1', '[::1]', 'localhost', '[::ffff:127.0.0.1]'])('refuses a redirect to %s', async (host) => {
    const inside = await receiver();
    const outside = await receiver(() => ({ status: 307, headers: { location: `http://${host}:${inside.port}/` } }));
    const allowed = [`127.0.0.1:${outside.port}`];
    await expect(refusal(client(allowed).post(outside.url, POST))).resolves.toEqual(
      host === 'localhost' ? NOWHERE : expect.stringContaining('(loopback)'),
    );
    expect(outside.received).toHaveLength(1);
    expect(inside.received).toEqual([]);
  });

  it.each(['ftp://127.0.0.1/', 'file:///etc/passwd', 'http://a:b@127.0.0.1/', 'gopher://x'])(
    'does not redirect to %s',
    async (location) => {
      const there = await receiver(() => ({ status: 302, headers: { location } }));
      await expect(refusal(client(['127.0.0.1']).post(there.url, POST))).resolves.toContain('refused: the URL');
    },
  );
});

it.each(['ftp://example.com/', 'javascript:alert(1)', 'nothing', 'http://', 'unix:/var/run/docker.sock'])(
  'the guarded client refuses %s',
  async (url) => {
    await expect(refusal(client([]).post(url, POST))).resolves.toBe('refused: the URL is not http or https');
  },
);

it('the guarded client refuses credentials in the URL', async () => {
  await expect(refusal(client([]).post('http://a:b@example.com/', POST))).resolves.toContain('has credentials');
});

it('the guarded client requires a certificate that is valid for the host of the URL', async () => {
  const there = await receiver(() => ({ status: 200 }), { certificate: selfSignedCertificate('hooks.example.com') });
  const resolve: Resolve = () => Promise.resolve(['127.0.0.1']);
  const asked = client(['127.0.0.1'], { resolve }).post(`https://hooks.example.com:${there.port}/`, POST);
  await expect(asked).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  expect(there.received).toEqual([]);
});

it('the guarded client reads no more of the answer than the limit', async () => {
  const there = await receiver(() => (_req, res) => {
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(1000)));
      res.once('drain', more);
    };
    more();
  });
  const { status, body } = await client(['127.0.0.1'], { limits: { responseBytes: 2500 } }).post(there.url, POST);
  expect(status).toBe(200);
  expect(body.toString()).toBe('x'.repeat(2500));
});

describe('the time limit of the guarded client', () => {
  let silent: Server;
  beforeEach(async () => {
    silent = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    closing.push(() => new Promise((resolve) => silent.close(resolve)));
  });
  const port = (): number => (silent.address() as { port: number }).port;

  it('ends a request to a server that accepts and does not answer', async () => {
    const limits = { totalMs: 100 };
    await expect(client(['127.0.0.1'], { limits }).post(`http://127.0.0.1:${port()}/`, POST)).rejects.toThrow(
      'no whole answer in time',
    );
  });

  it('ends a connection that is never established', async () => {
    const limits = { connectMs: 100 };
    await expect(client(['127.0.0.1'], { limits }).post(`https://127.0.0.1:${port()}/`, POST)).rejects.toThrow(
      'no connection in time',
    );
  });

  it('ends an answer that never ends, and a query that a name server never answers', async () => {
    const there = await receiver(() => (_req, res) => void res.writeHead(200).write('begin'));
    const limits = { totalMs: 100 };
    await expect(client(['127.0.0.1'], { limits }).post(there.url, POST)).rejects.toThrow('no whole answer in time');
    const resolve: Resolve = () => new Promise(() => undefined);
    await expect(client([], { limits, resolve }).post('http://a.example.com/', POST)).rejects.toThrow(
      'no whole answer in time',
    );
  });
});

it('the guarded client uses no proxy, whatever the environment says', async () => {
  const there = await receiver();
  const proxy = await receiver();
  const before = { ...process.env };
  process.env['http_proxy'] = process.env['HTTP_PROXY'] = proxy.url;
  try {
    await client(['127.0.0.1']).post(there.url, POST);
  } finally {
    process.env = before;
  }
  expect([there.received.length, proxy.received.length]).toEqual([1, 0]);
});

it('says in advance what it will refuse, without resolving a name', () => {
  const client = new GuardedClient(addressRule([]), { resolve: () => Promise.reject(new Error('was resolved')) });
  for (const url of [
    'http://127.0.0.1/',
    'http://localhost:8080/x',
    'http://[::1]/',
    'http://10.0.0.1/',
    'http://169.254.169.254/',
  ]) {
    expect([url, typeof client.whyRefused(url)]).toEqual([url, 'string']);
  }
  for (const url of ['http://192.0.3.1/', 'https://ci.example.com/hook']) {
    expect([url, client.whyRefused(url)]).toEqual([url, undefined]);
  }
});
