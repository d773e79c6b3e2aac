import type { Readable } from 'node:stream';
import { FilesystemBlobStore } from '../../../src/blobs/filesystem';
import type { ByteRange } from '../../../src/blobs/blob-store';
import { OPERATOR } from '../../../src/features/audit/audit';
import { backUp } from '../../../src/features/backups/back-up';
import { verifyBackup } from '../../../src/features/backups/verify';
import { collectGarbage } from '../../../src/features/images/gc';
import { holdDeletions } from '../../../src/features/storage/deletion-hold';
import { sweep } from '../../../src/jobs';
import { createBackupFolder } from '../../helpers/backups';
import { DAMAGES, filesBelow, layerDigest } from '../../helpers/damage';
import { createChain, pushImages, type TestImage } from '../../helpers/images';
import { pushImage } from '../../helpers/v2-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

/** A store that lets something happen before the first layer is read. */
class InterruptedBlobs extends FilesystemBlobStore {
  before: (() => Promise<unknown>) | undefined;

  override async read(key: string, range?: ByteRange, expectedBytes?: number): Promise<Readable> {
    const { before } = this;
    this.before = undefined;
    await before?.();
    return super.read(key, range, expectedBytes);
  }
}

let server: TestServer;
let folder: string;
let removeFolder: () => Promise<void>;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  ({ folder, remove: removeFolder } = await createBackupFolder());
});
afterEach(async () => {
  await server.close();
  await removeFolder();
});

const gc = () => collectGarbage(server.ctx, { olderThanMs: 0, dryRun: false, doer: OPERATOR });
const untag = (name: string) => server.ctx.db('tags').where({ name }).delete();

async function pushGarbage(): Promise<TestImage[]> {
  const chain = createChain(3);
  await pushImages(server, 'alice/app', chain);
  await untag('latest');
  return chain;
}

/** A backup in whose middle something happens: after the snapshot, and before a layer is copied. */
async function backUpAround(before: () => Promise<unknown>) {
  const blobs = new InterruptedBlobs(server.blobDir);
  blobs.before = before;
  const { db, log } = server.ctx;
  const backedUp = await backUp({ db, blobs, log, connection: server.database.connection }, folder, { version: '1' });
  expect(blobs.before).toBeUndefined();
  return backedUp;
}

it('gc and the sweep free rows during a backup, but leave the bytes that it needs', async () => {
  await pushGarbage();
  const { damaged, manifest } = await backUpAround(async () => {
    expect(await gc()).toMatchObject([{ images: 3, blobs: 3 }]);
    expect(await server.ctx.db('blobs')).toEqual([]);
    await sweep(server.ctx, 0);
    expect(await filesBelow(server.blobDir, 'sha256')).toHaveLength(3);
  });
  expect([damaged, manifest.layers.count]).toEqual([[], 3]);
  await expect(verifyBackup(folder)).resolves.toMatchObject({ problems: [] });
  await sweep(server.ctx, 0);
  await expect(filesBelow(server.blobDir, 'sha256')).resolves.toEqual([]);
});

it('gc deletes bytes at once when no backup runs', async () => {
  await pushGarbage();
  await gc();
  await expect(filesBelow(server.blobDir, 'sha256')).resolves.toEqual([]);
});

it('the hold ends with the connection of a backup that died', async () => {
  const hold = await holdDeletions(server.database.connection);
  await pushGarbage();
  await gc();
  await expect(filesBelow(server.blobDir, 'sha256')).resolves.toHaveLength(3);
  const lost = new Promise((resolve) => hold?.lost.addEventListener('abort', resolve));
  await server.ctx.db.raw(
    `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = 7301004 and objsubid = 1`,
  );
  await lost;
  await expect(hold?.assertHeld()).rejects.toThrow('was lost');
  await sweep(server.ctx, 0);
  await expect(filesBelow(server.blobDir, 'sha256')).resolves.toEqual([]);
});

it('a backup whose hold is lost fails, and says that it can be continued', async () => {
  await pushGarbage();
  const backup = backUpAround(() =>
    server.ctx.db.raw(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = 7301004 and objsubid = 1`,
    ),
  );
  await expect(backup).rejects.toThrow('run it again, and it continues');
  await expect(verifyBackup(folder)).rejects.toThrow('does not hold a complete backup');
});

it('another backup of the same server is refused while one runs', async () => {
  const hold = await holdDeletions(server.database.connection);
  await expect(backUpAround(() => Promise.resolve())).rejects.toThrow('Another backup of this server is running');
  await hold?.release();
});

it('copies the bytes by which a push has replaced damaged ones since the snapshot', async () => {
  const chain = createChain(1);
  await pushImages(server, 'alice/app', chain);
  const [image] = chain as [TestImage];
  await DAMAGES.missing({ db: server.ctx.db, blobDir: server.blobDir }, image);
  const { damaged } = await backUpAround(() => pushImage(server, 'alice/other', 'latest', { layer: image.layer }));
  expect(damaged).toEqual([]);
  await expect(verifyBackup(folder)).resolves.toMatchObject({ problems: [] });
});

it('completes without the layers that a disk has damaged, and names them', async () => {
  const chain = createChain(4) as [TestImage, TestImage, TestImage, TestImage];
  await pushImages(server, 'alice/app', chain);
  const place = { db: server.ctx.db, blobDir: server.blobDir };
  await DAMAGES.missing(place, chain[0]);
  await DAMAGES['wrong bytes'](place, chain[1]);
  await DAMAGES['wrong size'](place, chain[2]);
  const { damaged } = await backUpAround(() => Promise.resolve());
  const expected = [
    { digest: layerDigest(chain[0]), damage: 'missing' },
    { digest: layerDigest(chain[1]), damage: 'wrong bytes' },
    { digest: layerDigest(chain[2]), damage: 'wrong size' },
  ];
  const sorted = (list: readonly { digest: string }[]) => list.toSorted((a, b) => a.digest.localeCompare(b.digest));
  expect(sorted(damaged)).toEqual(sorted(expected));
  const { manifest, problems } = await verifyBackup(folder);
  expect([problems, sorted(manifest.damaged)]).toEqual([[], sorted(expected)]);
});
