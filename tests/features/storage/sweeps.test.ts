import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { appendToUpload, getUpload, startUpload } from '../../../src/features/manifests/blob-uploads';
import { sweep } from '../../../src/jobs';
import { createImage, pushImages, startPull, startPush } from '../../helpers/images';
import { letHoursPass, pushPlace } from '../../helpers/owner-pushes';
import { call, registryClient, reply } from '../../helpers/registry-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

const HOUR_MS = 3_600_000;
const LONG_AGO = new Date(Date.now() - 100 * HOUR_MS);

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterEach(() => server.close());

/** Puts a file into the storage tree that has no row. */
async function plant(key: string, modifiedAt: Date): Promise<void> {
  const file = path.join(server.blobDir, key);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'left behind');
  await utimes(file, modifiedAt, modifiedAt);
}

async function files(): Promise<string[]> {
  const entries = await readdir(server.blobDir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

async function ageFiles(): Promise<void> {
  const entries = await readdir(server.blobDir, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isFile()) await utimes(path.join(entry.parentPath, entry.name), LONG_AGO, LONG_AGO);
  }
  await server.ctx.db('blobs').update({ referenced_at: LONG_AGO });
}

describe('sweep', () => {
  it('removes bytes that no row points to, and unfinished writes, once they are old (R47)', async () => {
    const orphan = `${'ab'.repeat(32)}-00000000`;
    await plant(`sha256/ab/${orphan}`, LONG_AGO);
    await plant('uploads/0123', LONG_AGO);
    await plant(`sha256/cd/${'cd'.repeat(32)}-00000001`, new Date());
    await plant('uploads/4567', new Date());
    // An unfinished write is as old as its last sign of life by the file system's clock, which no test can set back.
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 1 });
    expect((await files()).sort()).toEqual(['0123', '4567', `${'cd'.repeat(32)}-00000001`]);
    const ages = { deadAfterMs: -1, abandonedAfterMs: HOUR_MS };
    expect(await sweep(server.ctx, HOUR_MS, ages)).toEqual({ uploads: 0, blobs: 0, orphans: 2 });
    expect(await files()).toEqual([`${'cd'.repeat(32)}-00000001`]);
  });

  it('removes abandoned resumable writes, which are as old as their last bytes (R244)', async () => {
    const writes = server.ctx.blobs.resumable;
    const id = await writes.start();
    await writes.append(id, 0, Readable.from([Buffer.from('half')]));
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 0 });
    expect(await writes.offset(id)).toBe(4);
    const ages = { deadAfterMs: HOUR_MS, abandonedAfterMs: -1 };
    expect(await sweep(server.ctx, HOUR_MS, ages)).toEqual({ uploads: 0, blobs: 0, orphans: 1 });
    expect([await writes.offset(id), await files()]).toEqual([undefined, []]);
  });

  it('ends uploads over v2 whose bytes it removed, and counts them (R244)', async () => {
    const app = await pushPlace(server, 'alice/app');
    const upload = await startUpload(server.ctx, app.repository);
    await appendToUpload(server.ctx, upload, undefined, Readable.from([Buffer.from('half')]));
    await letHoursPass(app, 2);
    expect(await sweep(server.ctx, 72 * HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 0 });
    expect(await getUpload(server.ctx, app.repository, upload.id)).toMatchObject({ offset: 4 });
    const ages = { deadAfterMs: HOUR_MS, abandonedAfterMs: -1 };
    expect(await sweep(server.ctx, 72 * HOUR_MS, ages)).toEqual({ uploads: 1, blobs: 0, orphans: 1 });
    expect([await server.ctx.db('blob_uploads'), await files()]).toEqual([[], []]);
    await expect(getUpload(server.ctx, app.repository, upload.id)).rejects.toMatchObject({
      problem: 'blob_upload_unknown',
    });
  });

  it('leaves every image alone, tagged or not, however old (R47)', async () => {
    const [tagged, loose] = [createImage(), createImage()];
    await pushImages(server, 'alice/app', [loose, tagged]);
    await ageFiles();
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 0 });
    const pull = registryClient(server, await startPull(server, 'alice/app'));
    for (const image of [tagged, loose]) expect((await pull.get(image.id, 'layer')).bytes).toEqual(image.layer);
  });

  it('ends abandoned uploads, and frees their bytes', async () => {
    const image = createImage();
    const push = registryClient(server, await startPush(server, 'alice/app', [image]));
    await push.putJson(image.id, image.json);
    await push.putLayer(image.id, image.layer);
    await server.ctx.db('blobs').update({ referenced_at: LONG_AGO });
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 0 });
    await server.ctx.db('uploads').update({ updated_at: LONG_AGO });
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 1, blobs: 1, orphans: 0 });
    expect(await files()).toEqual([]);
    expect(await reply(push.putPayload(image.id, image.payload))).toEqual([404, '{"error":"Image not found"}']);
    expect(await reply(push.putJson(image.id, image.json))).toEqual([200, 'true']); // and the push may begin again
  });

  it('frees what the deletion of a repository leaves, except what another one has', async () => {
    const [shared, own] = [createImage(), createImage()];
    await pushImages(server, 'alice/kept', [shared]);
    const probe = registryClient(server, await startPush(server, 'alice/gone', [shared]));
    expect((await probe.get(shared.id, 'json')).status).toBe(200);
    await pushImages(server, 'alice/gone', [own]);
    for (const status of [202, 200]) {
      const answer = await call(server, 'delete', '/v1/repositories/alice/gone/', { authorization: basic('alice') });
      expect(answer.status).toBe(status);
    }
    await ageFiles();
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 1, orphans: 0 });
    const contents = await server.ctx.db('image_contents').select('image_id');
    expect(contents).toEqual([{ image_id: shared.id }]);
    const pull = registryClient(server, await startPull(server, 'alice/kept'));
    expect((await pull.get(shared.id, 'layer')).bytes).toEqual(shared.layer);
  });

  it('leaves the bytes of a fresh deletion until they are old', async () => {
    await pushImages(server, 'alice/gone', [createImage()]);
    await server.ctx.db('repositories').delete();
    expect(await sweep(server.ctx, HOUR_MS)).toEqual({ uploads: 0, blobs: 0, orphans: 0 });
    expect(await files()).toHaveLength(1);
  });
});
