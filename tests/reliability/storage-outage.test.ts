import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import request, { type Response } from 'supertest';
import { query } from '../../src/platform/db/query';
import { startFaultyStore, type FaultyStore } from '../helpers/faulty-store';
import { createImage, pushImages, startPull, startPush } from '../helpers/images';
import { describeInstalled } from '../helpers/installed';
import { recordingLogger } from '../helpers/log-lines';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { createTarLayer } from '../helpers/tar-layer';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';
import { asUser, digestOf, pushBlob, startUpload } from '../helpers/v2-client';
import { waitUntil } from '../helpers/wait-until';

/* A bucket that is out of service, as clients of the server see it. */

const REPOSITORY = '/api/v1.1/repositories/alice/app/images';
const image = createImage({ layer: createTarLayer('hello').tar });
const bytes = randomBytes(20_000_000);

describeInstalled(isS3Installed(), 'a server whose bucket is out of service', () => {
  const { log, lines } = recordingLogger('warn');
  let s3: S3Server;
  let faulty: FaultyStore;
  let opened: S3TestStore;
  let hub: TestServer;
  let token: string;
  let blob: string;
  beforeAll(async () => {
    s3 = await startS3Server();
    faulty = await startFaultyStore(s3.endpoint);
    opened = await createS3Store(s3, { endpoint: faulty.endpoint, silentMs: 600_000 });
    hub = await startTestServer({ blobs: opened.store, log });
    await addUser(hub, 'alice');
    await pushImages(hub, 'alice/app', [image]);
    blob = `/v2/alice/app/blobs/${await pushBlob(hub, 'alice/app', bytes)}`;
    token = await startPull(hub, 'alice/app', 'alice');
  });
  afterAll(async () => {
    await hub.close();
    await opened.close();
    await faulty.close();
    await s3.close();
  });

  const layer = () => request(hub.server).get(`/v1/images/${image.id}/layer`).set('Authorization', token);

  describe.each([
    ['does not answer', () => faulty.goDown(), () => faulty.comeUp()],
    [
      'refuses this server',
      () => Promise.resolve(faulty.inject(() => true, { kind: 'status', status: 403, code: 'AccessDenied' })),
      (end: unknown) => Promise.resolve((end as () => void)()),
    ],
  ] as const)('because it %s', (what, begin, end) => {
    let begun: unknown;
    beforeAll(async () => {
      begun = await begin();
      lines.length = 0;
    });
    const message = `The storage ${what}`;
    const expectUnavailable = ({ status, headers }: Response): void =>
      expect([status, headers['retry-after']]).toEqual([503, '5']);

    it('answers 503 to an engine', async () => {
      const pulled = await layer();
      expectUnavailable(pulled);
      expect(pulled.body).toEqual({ error: `${message}, try again later` });
      const other = createImage({ layer: randomBytes(1000) });
      const authorization = await startPush(hub, 'alice/new', [other]);
      const put = (part: string) =>
        request(hub.server).put(`/v1/images/${other.id}/${part}`).set('Authorization', authorization);
      await put('json').send(other.json.toString()).type('application/json').expect(200);
      expectUnavailable(await put('layer').send(other.layer).type('application/octet-stream'));
    });

    it('answers 503 to a client of v2', async () => {
      const pulled = await asUser(hub, 'get', blob);
      expectUnavailable(pulled);
      expect(pulled.body).toEqual({ errors: [{ code: 'UNKNOWN', message, detail: null }] });
      expectUnavailable(await asUser(hub, 'head', blob));
      const piece = randomBytes(1000);
      const location = await startUpload(hub, 'alice/app');
      const put = asUser(hub, 'put', `${location}?digest=${digestOf(piece)}`).type('application/octet-stream');
      expectUnavailable(await put.send(piece));
    });

    it('answers 503 to the API, and to a browser', async () => {
      const files = await request(hub.server)
        .get(`${REPOSITORY}/${image.id}/files/`)
        .set('Authorization', basic('alice'));
      expectUnavailable(files);
      expect(files.body).toMatchObject({ code: 'unavailable', detail: message });
      const page = await request(hub.server).get(`/r/alice/app/images/${image.id}/files/`).set('Accept', 'text/html');
      expect([page.status, page.text.includes(message)]).toEqual([503, true]);
    });

    it('says so in /readyz, and in the log without anything unforeseen (R291)', async () => {
      const { status, body } = (await request(hub.server).get('/readyz')) as { status: number; body: unknown };
      expect([status, body]).toEqual([
        503,
        {
          status: 'failed',
          database: 'ok',
          storage: 'failed',
          problem: expect.stringMatching(/^The bucket cannot be /),
        },
      ]);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: 40, msg: message });
      expect(lines.join('')).not.toMatch(/Signature|Authorization|secret/i);
    });

    it('serves everything again afterwards, and takes nothing for damaged (R291)', async () => {
      await end(begun);
      expect((await layer().expect(200)).body).toEqual(image.layer);
      const pulled = await asUser(hub, 'get', blob).expect(200);
      expect((pulled.body as Buffer).equals(bytes)).toBe(true);
      await expect(query(hub.database.db, 'select from blobs where damage is not null')).resolves.toEqual([]);
    });
  });

  describe('a client that goes in the middle of a layer', () => {
    /** Asks for the blob; resolves when some of it has arrived. */
    async function begin(): Promise<IncomingMessage> {
      const headers = { Authorization: basic('alice') };
      const asked = httpRequest(`${hub.url}${blob}`, { headers, agent: false }).end();
      const [response] = (await once(asked, 'response')) as [IncomingMessage];
      await once(response, 'readable');
      return response;
    }
    async function untilNothingIsAnswered(): Promise<void> {
      await waitUntil('the end of all answers', () => faulty.answering === 0);
    }

    it('ends the connection to the store, although the client was slow', async () => {
      const response = await begin();
      expect(faulty.answering).toBe(1);
      response.destroy();
      await untilNothingIsAnswered();
    });

    it('ends it while the store itself is silent (R293)', async () => {
      const end = faulty.inject('GetObject', { kind: 'stalled body', afterBytes: 100_000 });
      const response = await begin();
      while (response.read() !== null) await sleep(1);
      response.destroy();
      await untilNothingIsAnswered();
      end();
    });
  });
});
