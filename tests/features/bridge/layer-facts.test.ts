import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import request from 'supertest';
import { describeLayer, describeLayers } from '../../../src/features/bridge/layer-facts';
import { bridgeJobs } from '../../../src/features/bridge/jobs';
import { collect } from '../../blobs/streams';
import { pushOverV1, tarOf } from '../../helpers/crossing-images';
import { layerFile } from '../../helpers/damage';
import { manyZeros } from '../../helpers/hostile-layers';
import { createImage, startPush } from '../../helpers/images';
import { queuedJobs, runDueJobs } from '../../helpers/run-jobs';
import { recordStatements } from '../../helpers/statements';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { digestOf, pushBlob } from '../../helpers/v2-client';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterEach(() => server.close());

const push = (...layers: Buffer[]) => pushOverV1(server, `alice/${randomBytes(4).toString('hex')}`, layers);
const row = (layer: Buffer) => server.ctx.db('blobs').where({ digest: digestOf(layer) });
const factsOf = (layer: Buffer) => row(layer).first('compression', 'diff_id', 'layer_problem', 'twin_digest');
const unread = () => server.ctx.db('blobs').whereNotNull('unread_since').pluck('digest');
const keyOf = async (digest: string): Promise<string> =>
  String((await server.ctx.db('blobs').where({ digest }).pluck('storage_key'))[0]);
const queued = async () => (await queuedJobs(server.database)).filter(({ name }) => name === 'describe_layers');
const work = () => runDueJobs(server.database, bridgeJobs(server.ctx));
const forget = () =>
  server.ctx.db.raw(`update blobs set compression = null, diff_id = null, layer_problem = null,
  unread_since = now() where compression is not null`);

/** `xz -9` of 3000 times "drydock\n". */
const XZ = Buffer.from(
  '/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4F2/AEZdADIci5GVTDESMv0XxXCO4fT1td+zBpSgQxC7c7MPXk7KnaUCTp1uTmpKaHCUdmqdnL9CuZulP6SJ+AGRdtzHBHKiN1OrMgAAAABxYNsEe4JEhgABYsC7AQAA+zHNpLHEZ/sCAAAAAARZWg==',
  'base64',
);
const tarInXz = Buffer.from('drydock\n'.repeat(3000));
const described = (compression: string, tar: Buffer) => ({
  compression,
  diff_id: digestOf(tar),
  layer_problem: null,
  twin_digest: null,
});

describe('a layer that arrives over v1', () => {
  it('is described once it is there, and no job has to read it', async () => {
    const tar = Buffer.concat([randomBytes(3_000_000), Buffer.alloc(3_000_000)]);
    const image = createImage({ layer: gzipSync(tar) });
    const token = await startPush(server, 'alice/app', [image]);
    const put = (what: string) =>
      request(server.server)
        .put(`/v1/images/${image.id}/${what}`)
        .set('Authorization', `Token ${token}`)
        .set('Content-Type', 'application/octet-stream');
    await put('json').send(image.json).expect(200);
    await put('layer').send(image.layer).expect(200);
    expect(await factsOf(image.layer)).toEqual(described('gzip', tar));
    const plain = tarOf('plain');
    await push(plain);
    expect(await factsOf(plain)).toEqual(described('none', plain));
    expect(await unread()).toEqual([]);
    expect(await queued()).toEqual([]);
  });

  it('is recorded as damaged at once, and stays what it is for v1', async () => {
    const damaged = gzipSync(tarOf('cut')).subarray(0, 20);
    await push(damaged);
    expect(await factsOf(damaged)).toMatchObject({ diff_id: null, layer_problem: 'damaged gzip data' });
    expect(await unread()).toEqual([]);
  });

  it('is read within seconds if it needs a copy in gzip, or expands too far to be unpacked on the way', async () => {
    const [zeros, empty] = [manyZeros(64), Buffer.alloc(0)];
    await push(zeros, empty, XZ);
    expect(await factsOf(zeros)).toMatchObject({ diff_id: null, layer_problem: null });
    expect(await unread()).toHaveLength(3);
    expect(await queued()).toMatchObject([{ isDue: true }]);
    await work();
    expect(await unread()).toEqual([]);
    expect(await factsOf(zeros)).toEqual(described('gzip', gunzipSync(zeros)));
    expect(await factsOf(empty)).toMatchObject({ compression: 'none', diff_id: digestOf(empty) });
    expect(await factsOf(XZ)).toMatchObject({ compression: 'xz', diff_id: digestOf(tarInXz) });
  });

  it('keeps what was recorded first when equal bytes are pushed again', async () => {
    const layer = gzipSync(tarOf('again'));
    await push(layer, XZ);
    await work();
    await row(layer).update({ diff_id: digestOf(Buffer.from('first')) });
    const before = [await factsOf(layer), await factsOf(XZ)];
    await push(layer, XZ);
    expect([await factsOf(layer), await factsOf(XZ)]).toEqual(before);
    expect(await unread()).toEqual([]);
  });

  it('is described although its bytes were pushed over v2 before, where nobody reads blobs', async () => {
    const [layer, other] = [gzipSync(tarOf('both')), gzipSync(tarOf('v2 only'))];
    await pushBlob(server, 'alice/v2', layer);
    await pushBlob(server, 'alice/v2', other);
    expect([await unread(), await queued()]).toEqual([[], []]);
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(0);
    await push(layer);
    expect(await factsOf(layer)).toEqual(described('gzip', tarOf('both')));
    expect(await factsOf(other)).toMatchObject({ compression: null, diff_id: null });
  });
});

describe('reading stored layers', () => {
  it('looks at no blob when there is nothing to read, however many were pushed over v2', async () => {
    const { db } = server.ctx;
    await db.raw(`insert into blobs (digest, size_bytes, storage_key)
      select 'sha256:' || encode(sha256(n::text::bytea), 'hex'), 5, n::text from generate_series(1, 20000) n`);
    await db.raw('vacuum analyze blobs');
    const { result, statements } = await recordStatements(db, () =>
      describeLayers(server.ctx, new AbortController().signal),
    );
    expect([result, statements.length]).toEqual([0, 1]);
    const plan = await db.raw<{ rows: Record<string, string>[] }>(
      `explain (analyze, costs off, timing off, summary off, buffers off) ${statements[0]!.replace('$1', `'{}'`)}`,
    );
    const lines = plan.rows.map((line) => line['QUERY PLAN']).join('\n');
    expect(lines).toMatch(/Index Scan Backward using blobs_unread on blobs \(actual rows=0/);
    expect(lines).not.toContain('Rows Removed');
  });

  it('finds the same as when they arrived', async () => {
    const layers = [
      gzipSync(randomBytes(3_000_000)),
      tarOf('plain'),
      Buffer.concat([gzipSync(tarOf('one')), gzipSync(tarOf('two')), Buffer.alloc(600)]),
      gzipSync(tarOf('cut')).subarray(0, 30),
      Buffer.concat([gzipSync(tarOf('junk')), Buffer.from('junk')]),
      gzipSync(''),
      Buffer.from('x'),
    ];
    await push(...layers);
    const arrived = await Promise.all(layers.map(factsOf));
    await forget();
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(layers.length);
    expect(await Promise.all(layers.map(factsOf))).toEqual(arrived);
    expect(await unread()).toEqual([]);
  });

  it('continues after one that cannot be read, and reads that one in the next run', async () => {
    const [first, second] = [gzipSync(tarOf('first')), gzipSync(tarOf('second'))];
    await push(first, second);
    await forget();
    await server.ctx.db.raw(`create function refuse() returns trigger language plpgsql as
      'begin raise exception ''no''; end'`);
    await server.ctx.db.raw(`create trigger refuse before update on blobs for each row
      when (new.diff_id = '${digestOf(tarOf('second'))}') execute function refuse()`);
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(1);
    expect(await unread()).toEqual([digestOf(second)]);
    await server.ctx.db.raw('drop trigger refuse on blobs');
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(1);
    expect(await factsOf(second)).toEqual(described('gzip', tarOf('second')));
  });

  it('waits for damaged bytes until they are replaced', async () => {
    const layer = gzipSync(tarOf('lost'));
    const [image] = await push(layer);
    await forget();
    await rm(await layerFile({ db: server.ctx.db, blobDir: server.blobDir }, image!));
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(0);
    expect(await describeLayers(server.ctx, AbortSignal.timeout(60_000))).toBe(0);
    await push(layer);
    expect(await factsOf(layer)).toEqual(described('gzip', tarOf('lost')));
  });

  it('begins with the layer that was pushed last, and stops between two layers', async () => {
    const layers = [tarOf('old'), tarOf('new')];
    await push(...layers);
    await forget();
    await row(layers[0]!).update({ unread_since: '2020-01-01' });
    const stopping = new AbortController();
    const ctx = { ...server.ctx, blobs: Object.create(server.ctx.blobs, { read: { value: readOnce } }) as never };
    function readOnce(...args: Parameters<typeof server.ctx.blobs.read>) {
      stopping.abort();
      return server.ctx.blobs.read(...args);
    }
    expect(await describeLayers(ctx, stopping.signal)).toBe(1);
    expect(await unread()).toEqual([digestOf(layers[0]!)]);
  });

  it('describes any blob for a caller that knows it to be a layer', async () => {
    await pushBlob(server, 'alice/v2', XZ);
    const digest = digestOf(XZ);
    const layer = { digest, storageKey: await keyOf(digest), sizeBytes: XZ.length };
    await Promise.all([describeLayer(server.ctx, layer), describeLayer(server.ctx, layer)]);
    await describeLayer(server.ctx, layer);
    const facts = (await factsOf(XZ)) as { twin_digest: string; diff_id: string };
    expect(facts.diff_id).toBe(digestOf(tarInXz));
    const twin = await collect(await server.ctx.blobs.read(await keyOf(facts.twin_digest)));
    expect(gunzipSync(twin).equals(tarInXz)).toBe(true);
    expect(twin.subarray(3, 8)).toEqual(Buffer.alloc(5)); // neither flags nor a time
  });
});
