import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RemoteIndex } from '../../../src/features/tokens/remote-index';
import { AppError } from '../../../src/platform/errors';

/* How a registry handles the answers of its index; here, the index sends the answers that a test sets. */

const LIMITS = { timeoutMs: 1000, bytes: 2000, badMs: 500 };
const ID = 'ab'.repeat(32);
const FROM = { address: '192.0.2.1', isDeletion: false };
const token = (access: string, signature = 'cafe'): string =>
  `Token signature=${signature},repository="alice/app",access=${access}`;

let server: Server;
let url: string;
let asked: string[];
let answer: (res: ServerResponse, req: IncomingMessage) => void;
beforeAll(async () => {
  server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.authorization}`);
    answer(res, req);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  asked = [];
  answer = answering(200, JSON.stringify([{ id: ID, checksum: 'sha256:00' }, { id: 'no id' }, null]));
});

function answering(status: number, body = '', headers: Record<string, string> = {}): typeof answer {
  return (res) => res.writeHead(status, headers).end(body);
}

function remoteIndex(rememberMs = 60_000): RemoteIndex {
  return new RemoteIndex({ url, rememberMs, limits: LIMITS });
}

async function codeOf(pending: Promise<unknown>): Promise<string> {
  const error: unknown = await pending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof AppError ? error.code : `no AppError but ${String(error)}`;
}

it('creates an actor for a token that the index accepts, and sends the token exactly as it arrived', async () => {
  const text = 'token signature=cafe, repository="alice/app", access=write';
  const actor = await remoteIndex().verify(text, FROM);
  expect(actor).toEqual({
    kind: 'token',
    identity: undefined,
    address: '192.0.2.1',
    repository: { namespace: 'alice', name: 'app' },
    access: 'write',
    nonce: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    guest: { imageIds: new Set([ID]) },
  });
  expect(asked).toEqual([`GET /v1/repositories/alice/app/images ${text}`]);
});

it('distinguishes two tokens, even if only the access differs', async () => {
  const index = remoteIndex();
  const texts = [token('write'), token('read'), token('write', 'beef'), token('write').replace('/app', '/apq')];
  const actors = await Promise.all(texts.map((text) => index.verify(text, FROM)));
  expect(new Set(actors.map((actor) => actor?.nonce)).size).toBe(4);
  expect(asked).toHaveLength(4);
});

it('does not ask about text that is not a token', async () => {
  expect(await remoteIndex().verify('Token signature=cafe', FROM)).toBeUndefined();
  expect(asked).toEqual([]);
});

it('asks once for many requests, and again when the answer is old', async () => {
  const index = remoteIndex(1000);
  await Promise.all(Array.from({ length: 20 }, () => index.verify(token('read'), FROM)));
  for (let request = 0; request < 20; request += 1) await index.verify(token('read'), FROM);
  expect(asked).toHaveLength(1);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  answer = answering(401);
  expect(await index.verify(token('read'), FROM)).toBeUndefined();
  expect(asked).toHaveLength(2);
});

it.each([401, 403, 404, 400, 302])('a %i is a no, and is remembered only for a moment', async (status) => {
  const index = remoteIndex();
  const headers = { Location: `${url}/elsewhere` };
  answer = answering(status, '', headers);
  expect(await index.verify(token('read'), FROM)).toBeUndefined();
  expect(await index.verify(token('read'), FROM)).toBeUndefined();
  expect(asked).toHaveLength(1); // and no request at the other place
  answer = answering(200, '[]');
  await new Promise((resolve) => setTimeout(resolve, LIMITS.badMs + 50));
  expect(await index.verify(token('read'), FROM)).toBeDefined();
});

const TROUBLES: [string, typeof answer][] = [
  ['a 500', answering(500)],
  ['a 503', answering(503)],
  ['a 429', answering(429)],
  ['no JSON', answering(200, '<html>')],
  ['no list', answering(200, '{}')],
  ['too long a list', answering(200, JSON.stringify(Array.from({ length: 100 }, () => ({ id: ID }))))],
  ['silence', () => undefined],
  ['a list that never ends', (res) => void res.writeHead(200).write('[')],
  ['a broken connection', (res) => void res.destroy()],
];

it.each(TROUBLES)('%s is neither yes nor no, and is forgotten at once', async (_, trouble) => {
  const index = remoteIndex();
  answer = trouble;
  expect(await codeOf(index.verify(token('write'), FROM))).toBe('unavailable');
  answer = answering(200, '[]');
  expect(await index.verify(token('write'), FROM)).toBeDefined();
});

it('an index that is not there is neither yes nor no', async () => {
  const index = new RemoteIndex({ url: 'http://127.0.0.1:1', rememberMs: 1000, limits: LIMITS });
  expect(await codeOf(index.verify(token('read'), FROM))).toBe('unavailable');
});

it('a list of any length is accepted for a token that is not for pushing', async () => {
  answer = answering(200, JSON.stringify(Array.from({ length: 100 }, () => ({ id: ID }))));
  for (const access of ['read', 'delete']) {
    expect((await remoteIndex().verify(token(access), FROM))?.guest).toEqual({ imageIds: new Set() });
  }
});

describe('a deletion', () => {
  const deletion = { ...FROM, isDeletion: true };

  it('uses the token up each time', async () => {
    const index = remoteIndex();
    expect((await index.verify(token('delete'), deletion))?.access).toBe('delete');
    answer = answering(403);
    expect(await index.verify(token('delete'), deletion)).toBeUndefined();
    expect(asked).toEqual(Array.from({ length: 2 }, () => `PUT /v1/repositories/alice/app/auth ${token('delete')}`));
  });

  it.each([404, 405, 501])('uses the list of an index that answers %i to that', async (status) => {
    answer = (res, req) => answering(req.method === 'PUT' ? status : 200, '[]')(res, req);
    expect((await remoteIndex().verify(token('delete'), deletion))?.access).toBe('delete');
    answer = (res, req) => answering(req.method === 'PUT' ? status : 401, '[]')(res, req);
    expect(await remoteIndex().verify(token('delete'), deletion)).toBeUndefined();
  });

  it('does not use up any other token', async () => {
    expect((await remoteIndex().verify(token('read'), deletion))?.access).toBe('read');
    expect(asked).toEqual([`GET /v1/repositories/alice/app/images ${token('read')}`]);
  });
});
