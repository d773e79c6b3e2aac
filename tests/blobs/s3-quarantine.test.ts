import { randomBytes } from 'node:crypto';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { moveObject } from '../../src/blobs/s3/object-move';
import { keepBlob } from '../../src/features/storage/blobs';
import { scrub } from '../../src/features/storage/scrub';
import { startFaultyStore, type Fault, type FaultyStore, type Operation } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { createTestContext } from '../helpers/test-context';
import { chunksOf, collect } from './streams';

const REFUSED: Fault = { kind: 'status', status: 400, code: 'InvalidRequest' };
const CUT: Fault = { kind: 'cut answer' };
/** S3 accepts no shorter part, except for the last one. */
const SHORTEST_PART = 5 * 1024 * 1024;

/* Damaged objects are copied and deleted. The steps of a move that a crash cuts off are those that fail here. */
describeInstalled(isS3Installed(), 'an object that is moved', () => {
  let s3: S3Server;
  let proxy: FaultyStore;
  let opened: S3TestStore;
  beforeAll(async () => {
    s3 = await startS3Server();
  });
  afterAll(() => s3.close());
  beforeEach(async () => {
    proxy = await startFaultyStore(s3.endpoint);
    opened = await createS3Store(s3, { endpoint: proxy.endpoint });
  });
  afterEach(async () => {
    await opened.close();
    await proxy.close();
  });

  const place = () => ({ bucket: opened.bucket, db: opened.database.db });
  const move = (from: string, atOnce?: number) => moveObject(place(), from, 'quarantine/it', atOnce);

  async function read(key: string): Promise<Buffer | undefined> {
    return opened.store.read(key).then(collect, () => undefined);
  }

  async function uploads(): Promise<number> {
    const { Uploads = [] } = await opened.client.send(new ListMultipartUploadsCommand({ Bucket: opened.name }));
    return Uploads.length;
  }

  const inParts: [boolean, Operation, Fault][] = [
    [true, 'CreateMultipartUpload', REFUSED],
    [true, 'UploadPartCopy', REFUSED],
    [true, 'CompleteMultipartUpload', REFUSED],
    [true, 'CompleteMultipartUpload', CUT],
    [true, 'DeleteObjects', REFUSED],
    [false, 'CopyObject', REFUSED],
    [false, 'CopyObject', CUT],
    [false, 'DeleteObjects', REFUSED],
    [false, 'DeleteObjects', CUT],
  ];
  it.each(inParts)(
    'is whole wherever the move stopped, and can be moved again (in parts: %s, %s: %j)',
    async (isLong, operation, fault) => {
      const bytes = randomBytes(isLong ? 2 * SHORTEST_PART : 1000);
      const { key } = await opened.store.write(chunksOf(bytes));
      const atOnce = isLong ? SHORTEST_PART : undefined;
      const stops = [proxy.inject(operation, fault), proxy.inject('AbortMultipartUpload', REFUSED)];
      await expect(move(key, atOnce)).rejects.toThrow();
      const left = (await read(key)) ?? (await read('quarantine/it'));
      expect(left?.equals(bytes)).toBe(true);
      for (const stop of stops) stop();
      await opened.store.sweepUnfinished(-60_000);
      expect(await uploads()).toBe(0);
      await move(key, atOnce);
      expect([await read(key), (await read('quarantine/it'))?.equals(bytes)]).toEqual([undefined, true]);
      await expect(opened.database.db('pending_writes')).resolves.toEqual([]);
    },
  );

  it('stays when the copy is shorter', async () => {
    const { key } = await opened.store.write(chunksOf(randomBytes(1000)));
    // Another object becomes the copy, after the store has answered that it is complete.
    jest.spyOn(opened.bucket, 'copy').mockImplementationOnce(async (_, to) => {
      await opened.bucket.put(to, randomBytes(10));
      return true;
    });
    await expect(move(key)).rejects.toThrow('the store has 10 bytes of quarantine/it instead of 1000');
    expect(await opened.store.size(key)).toBe(1000);
  });

  it('need not exist', async () => {
    await move('blobs/00/nothing');
    expect(await opened.store.size('quarantine/it')).toBeUndefined();
  });

  it('is set aside by the next scrub, if the one before died between copy and deletion', async () => {
    const blob = await opened.store.write(chunksOf(randomBytes(1000)));
    const ctx = createTestContext(opened.database.db, { blobs: opened.store });
    await keepBlob(ctx, blob, () => Promise.resolve());
    await opened.bucket.put(blob.key, randomBytes(1000));
    const stop = proxy.inject('DeleteObjects', REFUSED);
    const options = { olderThanMs: 0, bytesPerSecond: undefined };
    await expect(scrub(ctx, options)).resolves.toMatchObject({ damaged: [{ damage: 'wrong bytes' }] });
    expect(await opened.store.size(blob.key)).toBe(1000);
    stop();
    await expect(scrub(ctx, options)).resolves.toMatchObject({ damaged: [{ damage: 'wrong bytes' }] });
    expect(await opened.store.size(blob.key)).toBeUndefined();
    await expect(opened.store.sweepQuarantined(new Date(Date.now() + 60_000))).resolves.toBe(1);
  });
});
