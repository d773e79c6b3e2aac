import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { FilesystemBlobStore } from '../../src/blobs/filesystem';
import { describeLayers } from '../../src/features/bridge/layer-facts';
import { sweep } from '../../src/jobs';
import { collect, digestOf } from '../blobs/streams';
import { block, frameStart } from '../features/images/tar/zstd-frames';
import { filesBelow } from '../helpers/damage';
import { createImage, pushImages } from '../helpers/images';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { createTestContext } from '../helpers/test-context';
import { waitUntil } from '../helpers/wait-until';
import { expectBytesForEveryRow } from './stored-bytes';

const BLOCK_BYTES = 100_000;

let place: KillableServer;
beforeAll(async () => {
  place = await startKillableServer();
});
afterAll(() => place.close());

/** A layer in zstd whose copy in gzip takes a while. */
function layerOf(tar: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < tar.length; at += BLOCK_BYTES) {
    const bytes = tar.subarray(at, at + BLOCK_BYTES);
    blocks.push(block(0, bytes.length, bytes, at + BLOCK_BYTES >= tar.length));
  }
  return Buffer.concat([frameStart(0, 0x40), ...blocks]);
}

interface Row {
  digest: string;
  storage_key: string;
  diff_id: string | null;
  unread_since: Date | null;
  twin_digest: string | null;
}

const rows = (): Promise<Row[]> =>
  place.database.db<Row>('blobs').select('digest', 'storage_key', 'diff_id', 'unread_since', 'twin_digest');

it('a server that is killed while it reads layers leaves nothing behind, and the next one reads them', async () => {
  const layers = new Map<string, Buffer>();
  // Each round ends so long after the copy of its layer was begun, or at its end.
  for (const afterMs of [0, 30, 150, 400]) {
    const tar = Buffer.concat([randomBytes(4_000_000), Buffer.alloc(4_000_000), randomBytes(4_000_000)]);
    const layer = layerOf(tar);
    layers.set(digestOf(layer), tar);
    await pushImages(place.server, 'alice/app', [createImage({ layer })]);
    await waitUntil('a copy, or its end', async () => {
      const isWriting = (await filesBelow(place.blobDir, 'uploads')).length > 0;
      return isWriting || (await rows()).every((row) => row.unread_since === null);
    });
    await sleep(afterMs);
    await place.server.end('SIGKILL');
    await place.restart();
  }
  await place.server.end('SIGKILL');

  const blobs = new FilesystemBlobStore(place.blobDir);
  const ctx = createTestContext(place.database.db, { blobs });
  await describeLayers(ctx, new AbortController().signal);
  await ctx.layerPackers.end();
  await sweep(ctx, 0, { deadAfterMs: 0, abandonedAfterMs: 0 });
  const found = new Map((await rows()).map((row) => [row.digest, row]));
  for (const [digest, tar] of layers) {
    const twin = digestOf(gzipSync(tar, { level: 6 }));
    expect(found.get(digest)).toMatchObject({ diff_id: digestOf(tar), unread_since: null, twin_digest: twin });
    const stored = await collect(await blobs.read(found.get(twin)?.storage_key ?? ''));
    expect(gunzipSync(stored).equals(tar)).toBe(true);
  }
  expect(await expectBytesForEveryRow(ctx.db, place.blobDir)).toBe(2 * layers.size);
  expect(await filesBelow(place.blobDir, 'sha256')).toHaveLength(2 * layers.size);
  expect(await filesBelow(place.blobDir, 'uploads')).toEqual([]);
});
