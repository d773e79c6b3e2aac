import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describeLayer, describeLayers } from '../../../src/features/bridge/layer-facts';
import { createTwin } from '../../../src/features/bridge/twins';
import { createTestContext } from '../../helpers/test-context';
import { collect, digestOf, failingAfter } from '../../blobs/streams';
import { pushOverV1 } from '../../helpers/crossing-images';
import { filesBelow, layerFile } from '../../helpers/damage';
import { describeInstalled, isInstalled } from '../../helpers/installed';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asText, asUser } from '../../helpers/v2-client';
import { bomb } from '../images/tar/bzip2-bits';
import { block, frameStart } from '../images/tar/zstd-frames';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterEach(() => server.close());

const push = (name: string, layer: Buffer) => pushOverV1(server, `alice/${name}`, [layer]);
const work = () => describeLayers(server.ctx, new AbortController().signal);
const compress = (program: string, bytes: Buffer): Buffer =>
  spawnSync(program, ['-c', '-1'], { input: bytes, maxBuffer: 2 ** 26 }).stdout;

interface Row {
  digest: string;
  storage_key: string;
  size_bytes: number;
  diff_id: string | null;
  layer_problem: string | null;
  twin_digest: string | null;
}

const rowOf = async (digest: string): Promise<Row> => {
  const row = await server.ctx.db<Row>('blobs').where({ digest }).first();
  if (row === undefined) throw new Error(`no blob ${digest}`);
  return row;
};
const refOf = async (layer: Buffer) => {
  const { digest, storage_key: storageKey, size_bytes: sizeBytes } = await rowOf(digestOf(layer));
  return { digest, storageKey, sizeBytes };
};

/** Every stored file has a row: nothing of an attempt is left. */
async function expectNothingLeft(): Promise<void> {
  await server.ctx.blobs.settled();
  expect(await filesBelow(server.blobDir, 'uploads')).toEqual([]);
  const keys = await server.ctx.db('blobs').pluck('storage_key');
  expect((await filesBelow(server.blobDir, 'sha256')).sort()).toEqual(
    keys.map((key) => String(key).split('/').pop()).sort(),
  );
}

const PROGRAMS = ['xz', 'bzip2', 'zstd'] as const;

describeInstalled(
  PROGRAMS.every((program) => isInstalled(program, '--version', program === 'xz' ? 'xz-utils' : program)),
  'a layer in xz, bzip2 or zstd',
  () => {
    const tar = Buffer.concat([
      randomBytes(1_000_000),
      Buffer.alloc(2_000_000),
      Buffer.from('drydock '.repeat(200_000)),
    ]);

    it.each(PROGRAMS)('has the same copy in gzip whatever happens, and clients of v2 get it (%s)', async (program) => {
      const layer = compress(program, tar);
      await push('app', layer);
      await Promise.all([asUser(server, 'get', '/v2/alice/app/manifests/latest').expect(200), work()]);
      const { diff_id: diffId, twin_digest: twin } = await rowOf(digestOf(layer));
      expect(diffId).toBe(digestOf(tar));
      const expected = gzipSync(tar, { level: 6 });
      expect(twin).toBe(digestOf(expected));
      const { body } = await asUser(server, 'get', '/v2/alice/app/manifests/latest').buffer().parse(asText);
      expect((JSON.parse(body as string) as { layers: unknown[] }).layers).toEqual([
        { mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', size: expected.length, digest: twin },
      ]);
      const blob = await asUser(server, 'get', `/v2/alice/app/blobs/${twin}`).expect(200);
      expect(gunzipSync(blob.body as Buffer).equals(tar)).toBe(true);
      await expectNothingLeft();
    });

    it.each(PROGRAMS)('that is cut is hidden with the reason, and leaves nothing behind (%s)', async (program) => {
      const layer = compress(program, tar).subarray(0, -10);
      await push('cut', layer);
      expect(await work()).toBe(1);
      const row = await rowOf(digestOf(layer));
      expect(row).toMatchObject({ diff_id: null, layer_problem: `damaged ${program} data`, twin_digest: null });
      await expectNothingLeft();
      expect(await work()).toBe(0);
    });

    it('is described again if its copy could not be written', async () => {
      const layer = compress('zstd', tar);
      await push('app', layer);
      const full = new Error('no space');
      const blobs = Object.create(server.ctx.blobs, {
        write: {
          value: async (bytes: AsyncIterable<Buffer>) => {
            for await (const _ of bytes) throw full;
          },
        },
      }) as typeof server.ctx.blobs;
      await expect(describeLayer({ ...server.ctx, blobs }, await refOf(layer))).rejects.toBe(full);
      expect(await rowOf(digestOf(layer))).toMatchObject({ diff_id: null, layer_problem: null });
      expect(server.ctx.layerPackers.load.running).toBe(0);
      expect(await work()).toBe(1);
      expect(await rowOf(digestOf(layer))).toMatchObject({ diff_id: digestOf(tar) });
    });

    it('is not called damaged when the server lost its bytes', async () => {
      const layer = compress('zstd', tar);
      const [image] = await push('app', layer);
      const ref = await refOf(layer);
      await rm(await layerFile({ db: server.ctx.db, blobDir: server.blobDir }, image!));
      await expect(describeLayer(server.ctx, ref)).rejects.toMatchObject({ code: 'unavailable' });
      expect(await rowOf(digestOf(layer))).toMatchObject({ diff_id: null, layer_problem: null, damage: 'missing' });
      await expectNoUploads();
    });

    it('is not called damaged when its bytes cannot be read to the end', async () => {
      const layer = compress('bzip2', tar);
      await push('app', layer);
      const failing = {
        read: {
          value: () =>
            Promise.resolve(Readable.from(failingAfter(layer.subarray(0, 100_000), new Error('disk on fire')))),
        },
      };
      const blobs = Object.create(server.ctx.blobs, failing) as typeof server.ctx.blobs;
      await expect(createTwin({ ...server.ctx, blobs }, await refOf(layer), 1e9)).rejects.toThrow('disk on fire');
      await expectNoUploads();
    });
  },
);

async function expectNoUploads(): Promise<void> {
  await server.ctx.blobs.settled();
  expect(await filesBelow(server.blobDir, 'uploads')).toEqual([]);
}

describe('a layer that expands without end', () => {
  it.each([
    ['bzip2', bomb(300)],
    [
      'zstd',
      Buffer.concat([frameStart(0, 0x40), ...Array<Buffer>(80_000).fill(block(1, 128 * 1024, Buffer.from('x')))]),
    ],
  ])('is given up at the limit (%s)', async (_, layer) => {
    await push('bomb', layer);
    expect(await createTwin(server.ctx, await refOf(layer), 200_000_000)).toEqual({
      problem: 'the layer is too large without compression',
    });
    await expectNoUploads();
  });
});

describe('a layer of zero bytes', () => {
  it('has a copy of zero bytes in gzip', async () => {
    await push('empty', Buffer.alloc(0));
    expect(await work()).toBe(1);
    const row = await rowOf(digestOf(Buffer.alloc(0)));
    expect(row).toMatchObject({
      diff_id: digestOf(Buffer.alloc(0)),
      twin_digest: digestOf(gzipSync('', { level: 6 })),
    });
    const { storage_key: key } = await rowOf(row.twin_digest!);
    expect(gunzipSync(await collect(await server.ctx.blobs.read(key)))).toHaveLength(0);
  });
});

it('work in threads ends with the server, and the layer is read by the next one', async () => {
  const layer = Buffer.concat([
    frameStart(0, 0x40),
    ...Array<Buffer>(80_000).fill(block(1, 128 * 1024, Buffer.from('x'))),
  ]);
  await push('bomb', layer);
  const ctx = createTestContext(server.ctx.db, { blobs: server.ctx.blobs });
  const describing = describeLayer(ctx, await refOf(layer));
  const failed = expect(describing).rejects.toThrow();
  while (ctx.layerPackers.load.running === 0) await new Promise(setImmediate);
  await ctx.layerPackers.end();
  await failed;
  await expectNoUploads();
  expect(await rowOf(digestOf(layer))).toMatchObject({ diff_id: null, layer_problem: null });
});
