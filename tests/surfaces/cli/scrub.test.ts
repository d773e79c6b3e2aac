import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startChildServer, type ChildServer } from '../../helpers/child-server';
import { DAMAGES, layerDigest, layerFile, type LayerPlace } from '../../helpers/damage';
import { createChain, createImage, pushImages, type TestImage } from '../../helpers/images';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
let layers: LayerPlace;
let server: ChildServer;
beforeAll(async () => {
  place = await createCommandPlace();
  layers = { db: place.database.db, blobDir: path.join(place.dataDir, 'blobs') };
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
  server = await startChildServer(place.environment);
});
afterAll(async () => {
  await server.end('SIGTERM');
  await place.close();
});

const short = (text: string): string => text.replace('sha256:', '').slice(0, 12);

it('reports that all layers are whole, which are not and whom that affects, and which are whole again', async () => {
  await expect(place.run('scrub')).resolves.toEqual(success('0 layers read, 0 B: all intact.\n'));
  const [base, top] = createChain(2) as [TestImage, TestImage];
  await pushImages(server, 'alice/app', [base, top]);
  await pushImages(server, 'alice/web', [base, createImage({ parent: base.id })], { tag: '1.0' });
  await expect(place.run('scrub')).resolves.toEqual(success('3 layers read, 6.0 kB: all intact.\n'));
  const whole = { layerCount: 3, sizeBytes: 6000, checkedByStore: 0, damaged: [], restored: [] };
  const json = await place.run('scrub', '--json', '--rate', '0');
  expect([json.code, JSON.parse(json.stdout)]).toEqual([0, whole]);

  const file = await layerFile(layers, base);
  await rename(file, `${file}.away`);
  await DAMAGES['wrong bytes'](layers, top);
  const damaged = await place.run('scrub');
  const rows = [
    [short(layerDigest(base)), 'missing    ', 'alice/app ', short(base.id), 'latest'],
    [short(layerDigest(base)), 'missing    ', 'alice/web ', short(base.id), '1.0'],
    [short(layerDigest(top)), 'wrong bytes', 'alice/app ', short(top.id), 'latest'],
  ].map((row) => row.join('  '));
  const [header, ...lines] = damaged.stdout.trimEnd().split('\n');
  expect([damaged.code, header]).toEqual([1, 'LAYER         DAMAGE       REPOSITORY  IMAGES        TAGS']);
  expect(lines.slice(0, 3).sort()).toEqual(rows.sort());
  expect(lines.slice(3)).toEqual(['3 layers read, 6.0 kB: 2 damaged.']);
  // The log of the run goes to stderr, a line for each layer.
  const logged = damaged.stderr.trim().split('\n');
  expect(logged.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    'a layer is damaged',
    'a layer is damaged',
  ]);

  await rename(`${file}.away`, file);
  const again = await place.run('scrub', '--json');
  expect([again.code, JSON.parse(again.stdout)]).toEqual([
    1,
    {
      ...whole,
      damaged: [
        {
          digest: layerDigest(top),
          damage: 'wrong bytes',
          repositories: [{ namespace: 'alice', name: 'app', imageIds: [top.id], tags: ['latest'] }],
        },
      ],
      restored: [layerDigest(base)],
    },
  ]);
});

it('compares what is stored with the database, and changes it only when it is asked to', async () => {
  const orphan = path.join(layers.blobDir, 'sha256/ab', `${'ab'.repeat(32)}-00000000`);
  await mkdir(path.dirname(orphan), { recursive: true });
  await writeFile(orphan, 'left behind');
  const key = path.relative(layers.blobDir, orphan);
  const clean = await place.run('scrub', '--orphans');
  expect([clean.code, clean.stdout.split('\n').at(-2)]).toEqual([
    0,
    'Each object has its row, and each layer its bytes.',
  ]);
  const shown = await place.run('scrub', '--orphans', '--older-than', '0');
  expect([shown.code, shown.stdout.split('\n').slice(0, 2)]).toEqual([
    0,
    [`OBJECT${' '.repeat(key.length - 4)}PROBLEM`, `${key}  no row`],
  ]);
  expect(shown.stdout).toContain('1 object without a row, 11 B: --apply deletes them.\n');
  const json = await place.run('scrub', '--orphans', '--older-than', '0', '--apply', '--json');
  const found = {
    orphanCount: 1,
    orphanSizeBytes: 11,
    deletedCount: 1,
    brokenCount: 0,
    orphanKeys: [key],
    isContinued: false,
  };
  expect([json.code, JSON.parse(json.stdout)]).toEqual([0, expect.objectContaining(found)]);
  expect(existsSync(orphan)).toBe(false);
  const refused = await place.run('scrub', '--apply');
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining('--apply and --older-than need --orphans.'),
  ]);
});

it('deletes nothing without a row where another hub is, or was', async () => {
  const orphan = path.join(layers.blobDir, 'sha256/ab', `${'ab'.repeat(32)}-00000000`);
  await mkdir(path.dirname(orphan), { recursive: true });
  await writeFile(orphan, 'a layer of the other one');
  const hub = path.join(layers.blobDir, 'hub-11111111-2222-4333-8444-555555555555');
  await writeFile(hub, '');
  const refused = await place.run('scrub', '--orphans', '--older-than', '0', '--apply');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('delete hub-11111111-2222-4333')]);
  expect(existsSync(orphan)).toBe(true);
  await expect(place.run('scrub', '--orphans', '--older-than', '0')).resolves.toMatchObject({ code: 0 });
  await rm(hub);
  await expect(place.run('scrub', '--orphans', '--older-than', '0', '--apply')).resolves.toMatchObject({ code: 0 });
  expect(existsSync(orphan)).toBe(false);
});

it('says which layers have lost their bytes without reading them', async () => {
  const image = createImage();
  await pushImages(server, 'alice/lost', [image]);
  const file = await layerFile(layers, image);
  await rm(file);
  const { code, stdout } = await place.run('scrub', '--orphans');
  expect([code, stdout]).toEqual([1, expect.stringContaining(`${path.relative(layers.blobDir, file)}  missing`)]);
  expect(stdout).toContain('1 layer without bytes, or with too few: --apply marks them as damaged.\n');
  const applied = await place.run('scrub', '--orphans', '--apply');
  expect([applied.code, applied.stdout]).toEqual([1, expect.stringContaining('or with too few: marked as damaged.\n')]);
  await pushImages(server, 'alice/lost', [image]);
  await expect(place.run('scrub', '--orphans')).resolves.toMatchObject({ code: 0 });
});

it('keeps to a rate', async () => {
  await pushImages(server, 'alice/big', [createImage({ layer: Buffer.alloc(2_000_000, 'x') })]);
  const before = performance.now();
  await place.run('scrub', '--rate', '1');
  expect(performance.now() - before).toBeGreaterThan(1500);
});

it('shows its progress on a terminal, of how much, and leaves the line empty', async () => {
  const { stderr } = await runInProcess(['scrub', '--rate', '0'], place.environment, true);
  const [state] = stderr
    .replaceAll('\u001b[K', '')
    .split('\r')
    .filter((part) => part !== '');
  expect(state).toMatch(/^Read 1 of \d+ layers \(\d+ %\), \S+ \S+ of 2\.0 MB \(\d+ %\); \d damaged$/);
  expect(stderr.endsWith('\r\u001b[K')).toBe(true);
});
