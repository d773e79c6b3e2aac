import { randomBytes } from 'node:crypto';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { partMemory } from '../../src/blobs/s3/part-memory';
import { describeInstalled } from '../helpers/installed';
import { isS3Installed, startS3Server, type S3Server } from '../helpers/s3-server';
import { createS3Store, type S3TestStore } from '../helpers/s3-store';
import { chunksOf, collect, digestOf } from './streams';

const MEBIBYTE = 1024 * 1024;
const LIMIT = 64 * MEBIBYTE;

/** A client that sends the first bytes, and the rest when the test lets it. */
class SlowClient {
  readonly bytes: Buffer;
  private go: () => void = () => undefined;
  private readonly isGoing = new Promise<void>((resolve) => (this.go = resolve));

  constructor(
    private readonly firstBytes: number,
    restBytes: number,
  ) {
    this.bytes = randomBytes(firstBytes + restBytes);
  }

  async *send(): AsyncGenerator<Buffer> {
    yield* chunksOf(this.bytes.subarray(0, this.firstBytes));
    await this.isGoing;
    yield* chunksOf(this.bytes.subarray(this.firstBytes));
  }

  goOn(): void {
    this.go();
  }
}

describeInstalled(isS3Installed(), 'many writes to a bucket at once', () => {
  let s3: S3Server;
  let opened: S3TestStore;
  beforeAll(async () => {
    s3 = await startS3Server();
    opened = await createS3Store(s3);
  });
  afterAll(async () => {
    await opened.close();
    await s3.close();
  });
  afterEach(() => partMemory.setPatience());

  const stored = async (key: string, length: number): Promise<Buffer> =>
    collect(await opened.store.read(key, undefined, length));

  const remains = async (): Promise<{ objects: number; pending: unknown[] }> => {
    const { Contents = [] } = await opened.client.send(new ListObjectsV2Command({ Bucket: opened.name }));
    return {
      objects: Contents.length,
      pending: await opened.database.db('pending_writes').where({ is_written: false }),
    };
  };

  it('have 64 MiB for their parts together (R365)', async () => {
    const bytes = Array.from({ length: 20 }, () => randomBytes(20 * MEBIBYTE));
    const written = await Promise.all(bytes.map((each) => opened.store.write(chunksOf(each))));
    expect(written.map(({ digest }) => digest)).toEqual(bytes.map((each) => digestOf(each)));
    expect(partMemory.peak).toBeGreaterThan(LIMIT / 2);
    expect(partMemory.peak).toBeLessThanOrEqual(LIMIT);
    await opened.store.delete(written.map(({ key }) => key));
  });

  it('of slow clients do not hold up the others, and end whole, over both kinds of writes (R365)', async () => {
    partMemory.setPatience(100);
    const { store } = opened;
    const slow = [
      ...Array.from({ length: 12 }, () => new SlowClient(7 * MEBIBYTE, 4 * MEBIBYTE)),
      ...Array.from({ length: 36 }, () => new SlowClient(100_000, 200_000)),
    ];
    const gone = new SlowClient(6 * MEBIBYTE, 0);
    const writing = slow.map(async (client, i) => {
      if (i % 2 === 0) return store.write(client.send());
      const id = await store.resumable.start();
      return store.resumable.finish(id, 0, client.send(), digestOf(client.bytes));
    });
    async function* breakingOff(): AsyncGenerator<Buffer> {
      yield* gone.send();
      throw new Error('gone');
    }
    const broken = store.write(breakingOff());
    broken.catch(() => undefined); // awaited below
    for (const size of [1000, 20 * MEBIBYTE, 300_000]) {
      const bytes = randomBytes(size);
      const { key } = await store.write(chunksOf(bytes));
      expect((await stored(key, size)).equals(bytes)).toBe(true);
      await store.delete([key]);
    }
    expect((await remains()).objects).toBeGreaterThan(0); // what was put aside
    gone.goOn();
    await expect(broken).rejects.toThrow('gone');
    for (const client of slow) client.goOn();
    for (const [i, { key, sizeBytes }] of (await Promise.all(writing)).entries())
      expect((await stored(key, sizeBytes)).equals(slow[i]?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(await remains()).toEqual({ objects: slow.length, pending: [] });
  });
});
