import { createHash } from 'node:crypto';
import { S3BlobStore } from '../../../src/blobs/s3/s3-blob-store';
import { backUp } from '../../../src/features/backups/back-up';
import { restore } from '../../../src/features/backups/restore';
import { query } from '../../../src/platform/db/query';
import { createLogger } from '../../../src/platform/log/logger';
import { createBackupFolder, createEmptyPlace, pushBoth } from '../../helpers/backups';
import { describeInstalled } from '../../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../../helpers/s3-server';
import { createS3Store } from '../../helpers/s3-store';
import { addUser, startTestServer } from '../../helpers/test-server';

describeInstalled(isS3Installed(), 'a restore into a bucket', () => {
  let s3: S3Server;
  let folder: string;
  let removeFolder: () => Promise<void>;
  beforeAll(async () => {
    s3 = await startS3Server();
    ({ folder, remove: removeFolder } = await createBackupFolder());
    const server = await startTestServer();
    await addUser(server, 'alice');
    await pushBoth({ server: server.url, url: server.url });
    const { db, blobs, log } = server.ctx;
    await backUp({ db, blobs, log, connection: server.database.connection }, folder, { version: '1' });
    await server.close();
  });
  afterAll(async () => {
    await removeFolder();
    await s3.close();
  });

  it('stores every layer there, and is refused when layers are there already', async () => {
    const { bucket, close } = await createS3Store(s3, { prefix: 'hub/' });
    const [place, second] = [await createEmptyPlace(), await createEmptyPlace()];
    const inBucket = ({ database: { db, connection } }: typeof place) => ({
      ...{ db, connection, blobs: new S3BlobStore(bucket, db), log: createLogger('silent') },
    });
    const ctx = inBucket(place);
    expect((await restore(ctx, folder, { verify: true })).missing).toEqual([]);
    const rows = await query<{ digest: string; storage_key: string }>(ctx.db, 'select digest, storage_key from blobs');
    expect(rows.length).toBeGreaterThan(3);
    for (const { digest, storage_key: key } of rows) {
      const hash = createHash('sha256');
      for await (const chunk of await ctx.blobs.read(key)) hash.update(chunk as Buffer);
      expect(`sha256:${hash.digest('hex')}`).toBe(digest);
    }
    await expect(restore(inBucket(second), folder, { verify: false })).rejects.toThrow('has layers already');
    await close();
    await place.remove();
    await second.remove();
  });
});
