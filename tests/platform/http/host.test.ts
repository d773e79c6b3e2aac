import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';
import { headerLines, sendRaw, type RawAnswer } from '../../helpers/raw-http';

/*
 * The Host header is repeated in `X-Docker-Endpoints`, in links of the API and in pages. A value that cannot be a host,
 * and two of them, are refused before anything reads them.
 */

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

function put(hosts: readonly string[], version = '1.1'): Promise<RawAnswer> {
  const lines = [
    `PUT /v1/repositories/alice/app/ HTTP/${version}`,
    ...hosts.map((host) => `Host: ${host}`),
    `Authorization: ${basic('alice')}`,
    'Content-Length: 2',
    'Connection: close',
    '',
    '[]',
  ];
  return sendRaw(server.port, lines.join('\r\n'));
}

it.each([
  ['hub.example.com', 'hub.example.com'],
  ['hub.example.com:5000', 'hub.example.com:5000'],
  ['HUB.Example.com', 'hub.example.com'],
  ['my_registry:5000', 'my_registry:5000'],
  ['192.0.2.7:80', '192.0.2.7:80'],
  ['[2001:db8::1]:5000', '[2001:db8::1]:5000'],
])('the host %s is accepted, and returned as the endpoint', async (host, endpoint) => {
  const answer = await put([host]);
  expect(answer.head[0]).toBe('HTTP/1.1 200 OK');
  expect(headerLines(answer, 'X-Docker-Endpoints')).toEqual([endpoint]);
});

it.each([
  ['evil.example"><x'],
  ['evil.example/path'],
  ['a@b'],
  ['a b'],
  ['a, b'],
  ['hub.example.com:port'],
  ['hub.example.com:123456'],
  ['[::1'],
  ['hub.example.com', 'evil.example.com'],
  ['hub.example.com', 'hub.example.com'],
])('the host %s is refused with a sentence that does not repeat it', async (...hosts: string[]) => {
  const answer = await put(hosts);
  expect(answer.head[0]).toBe('HTTP/1.1 400 Bad Request');
  expect(JSON.parse(answer.body)).toEqual({ error: 'The request must have one Host header: a host, or host:port' });
  expect(answer.head.join('\n')).not.toContain(hosts.at(-1));
});

it('a request in HTTP/1.0 needs no host', async () => {
  const answer = await put([], '1.0');
  expect(answer.head[0]).toBe('HTTP/1.1 200 OK');
  expect(headerLines(answer, 'X-Docker-Endpoints')).toEqual(['localhost']);
});

it.each(['/', '/explore/', '/api/v1.1/search/', '/healthz', '/nowhere'])('%s refuses a bad host, too', async (path) => {
  const request = `GET ${path} HTTP/1.1\r\nHost: a"b\r\nAccept: text/html\r\nConnection: close\r\n\r\n`;
  const answer = await sendRaw(server.port, request);
  expect([answer.head[0], answer.body.includes('a"b')]).toEqual(['HTTP/1.1 400 Bad Request', false]);
});
