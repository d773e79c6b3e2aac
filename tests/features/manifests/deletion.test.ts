import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { digestOf } from '../../../src/platform/bytes/digest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { deleteManifest } from '../../../src/features/manifests/manifests';
import { appendToUpload, commitUpload, startUpload } from '../../../src/features/manifests/blob-uploads';
import { deleteAtOnce } from '../../../src/features/repositories/deletion';
import { setImmutableTags } from '../../../src/features/repositories/immutable-tags';
import { deleteUserWithRepositories } from '../../../src/features/repositories/owner-deletion';
import { deleteTag } from '../../../src/features/tags/tag-deletion';
import { sweep } from '../../../src/jobs';
import { filesBelow } from '../../helpers/damage';
import { letHoursPass, pushBlob, pushIndex, pushManifest, pushPlace, type PushPlace } from '../../helpers/owner-pushes';
import { call } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const HOUR_MS = 3_600_000;
const TABLES = ['tags', 'manifests', 'manifest_blobs', 'manifest_children', 'repository_blobs', 'blob_uploads'];

let server: TestServer;
let app: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  app = await pushPlace(server, 'alice/app');
});
afterEach(() => server.close());

/** Puts at least one row into each of the tables. */
async function fill(): Promise<void> {
  const child = await pushManifest(app, { tag: 'v1' });
  await pushIndex(app, [child], { tag: 'multi' });
  await pushManifest(app, { subject: child });
  await pushBlob(app, randomBytes(10));
  const upload = await startUpload(server.ctx, app.repository);
  await appendToUpload(server.ctx, upload, undefined, Readable.from([randomBytes(20)]));
}

async function counts(): Promise<number[]> {
  return Promise.all(TABLES.map(async (table) => (await server.ctx.db(table)).length));
}

const NOTHING = TABLES.map(() => 0);

const statusOf = async (path: string): Promise<number> =>
  (await fetch(`${server.url}/v2/alice/app/${path}`, { headers: { Authorization: basic('alice') } })).status;

const isThere = () => Promise.all(['manifests/v1', 'tags/list'].map(statusOf));

/** Sweeps, and expects that no blobs are left, neither rows nor bytes. */
async function expectBytesToGo(): Promise<void> {
  expect(await server.ctx.db('blobs')).not.toEqual([]);
  await letHoursPass(app, 100);
  await sweep(server.ctx, HOUR_MS, { deadAfterMs: HOUR_MS, abandonedAfterMs: -1 });
  expect(await server.ctx.db('blobs')).toEqual([]);
  expect(await filesBelow(server.blobDir, 'sha256')).toEqual([]);
}

describe('deleting a repository with manifests', () => {
  it('over v1 hides it from v2 with the first step, and empties it with the second (R252)', async () => {
    await fill();
    expect(await counts()).not.toContain(0);
    expect(await isThere()).toEqual([200, 200]);
    const headers = { 'X-Docker-Token': 'true' };
    const path = '/v1/repositories/alice/app/';
    const first = await call(server, 'delete', path, { authorization: basic('alice'), headers });
    expect([first.status, await isThere()]).toEqual([202, [404, 404]]);
    expect(await counts()).not.toContain(0);
    const authorization = `Token ${first.headers['x-docker-token']}`;
    expect((await call(server, 'delete', path, { authorization })).status).toBe(200);
    expect(await counts()).toEqual(NOTHING);
    expect((await call(server, 'delete', path, { authorization: basic('alice') })).status).toBe(200);
    expect(await server.ctx.db('repositories')).toEqual([]);
    await expectBytesToGo();
  });

  it('at once deletes all of them (R252)', async () => {
    await fill();
    await deleteAtOnce(server.ctx, app.repository);
    expect([await counts(), await isThere()]).toEqual([NOTHING, [404, 404]]);
    await expectBytesToGo();
  });

  it('with its account deletes all of them (R252)', async () => {
    await fill();
    await deleteUserWithRepositories(server.ctx, OPERATOR_ACTOR, 'alice');
    expect(await counts()).toEqual(NOTHING);
    await expectBytesToGo();
  });

  it('ends uploads and pushes of manifests that had begun', async () => {
    const bytes = randomBytes(20);
    const upload = await startUpload(server.ctx, app.repository);
    const whole = await appendToUpload(server.ctx, upload, undefined, Readable.from([bytes]));
    await deleteAtOnce(server.ctx, app.repository);
    await expect(commitUpload(server.ctx, whole, digestOf(bytes))).rejects.toMatchObject({ code: 'not_found' });
    await expect(pushIndex(app, [])).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('immutable tags of manifests', () => {
  it('are neither moved nor deleted, nor is their manifest or their repository (R200)', async () => {
    const manifest = await pushManifest(app, { tag: 'v1' });
    await setImmutableTags(server.ctx, app.repository, ['v*']);
    const immutable = { code: 'conflict', message: 'The tag v1 is immutable: it cannot be moved or deleted' };
    await expect(deleteManifest(server.ctx, app.repository, manifest.digest)).rejects.toMatchObject(immutable);
    await expect(deleteTag(server.ctx, app.repository, 'v1')).rejects.toMatchObject(immutable);
    await expect(pushManifest(app, { tag: 'v1' })).rejects.toMatchObject(immutable);
    await expect(deleteAtOnce(server.ctx, app.repository)).rejects.toMatchObject({ code: 'conflict' });
    const v1 = await call(server, 'delete', '/v1/repositories/alice/app/', { authorization: basic('alice') });
    expect(v1.status).toBe(403);
    expect(await statusOf(`manifests/${manifest.digest}`)).toBe(200);
  });

  it('keep their manifest also if another tag of it is not immutable (R200)', async () => {
    const manifest = await pushManifest(app, { tag: 'latest' });
    await setImmutableTags(server.ctx, app.repository, ['v*']);
    await server.ctx.db.raw(
      `insert into tags (repository_id, name, manifest_id, engine) select repository_id, 'v1', manifest_id, engine from tags`,
    );
    await expect(deleteManifest(server.ctx, app.repository, manifest.digest)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await server.ctx.db('tags')).toHaveLength(2);
  });
});
