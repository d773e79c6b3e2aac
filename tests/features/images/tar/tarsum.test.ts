import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { Budget, UNLIMITED } from '../../../../src/features/images/tar/budget';
import { tarSum as tarSumWithin, type TarSums } from '../../../../src/features/images/tar/tarsum';
import { TarError } from '../../../../src/features/images/tar/tar-reader';
import { inChunks, packEntry, packTar, type PackEntry } from './pack-tar';

const sha256 = (...parts: (Buffer | string)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const tarSum = (layer: AsyncIterable<Buffer>, json: Buffer): Promise<TarSums> =>
  tarSumWithin(layer, json, new Budget(UNLIMITED));
const sum = (tar: Buffer, json = ''): Promise<TarSums> => tarSum(inChunks(tar), Buffer.from(json));

describe('the vectors of protocol 5.3', () => {
  const id = '511136ea3c5a64f264b78b5433614aec563103b4d4702f3ba7d4d2698e22c158';
  const none = { Hostname: '', Domainname: '', User: '', Memory: 0, MemorySwap: 0, CpuShares: 0 };
  const detached = { AttachStdin: false, AttachStdout: false, AttachStderr: false, ExposedPorts: null };
  const idle = { Tty: false, OpenStdin: false, StdinOnce: false, Env: null, Cmd: null, Image: '', Volumes: null };
  const plain = { WorkingDir: '', Entrypoint: null, NetworkDisabled: false, OnBuild: null };
  const image = {
    id,
    comment: 'Imported from -',
    created: '2013-06-13T14:03:50.821769-07:00',
    container_config: { ...none, ...detached, ...idle, ...plain },
    docker_version: '0.4.0',
    architecture: 'x86_64',
    Size: 0,
  };
  const json = Buffer.from(`${JSON.stringify(image)}\r`);
  const root: PackEntry = { name: './', mode: 0o40755, mtime: 0o12156431635, typeflag: '5' };
  const layer = packTar(root);

  test('the input is rebuilt to the byte', () => {
    expect([json.length, layer.length]).toEqual([557, 1536]);
    expect(sha256(json, '\n', layer)).toBe('cdffcf3f5a5994f707fe8388bc1cbb45d7474a884b28f2a1fa7d7956056b879b');
  });

  test.each([
    ['plain', layer],
    ['gzip', gzipSync(layer)],
  ])('the scratch image (%s)', async (_, bytes) => {
    expect(await tarSum(inChunks(bytes, [100]), json)).toEqual({
      tarsums: ['tarsum+sha256:c66bd5ec9f87b8f4c6135ca37684618f486a3dd1d113b138d0a177bfa39c2571'],
      tarSha256: 'sha256:af3826bf8b23218af544bc27c3b106ba77f119dced5749010270318c6cd06dc4',
    });
  });

  test('a tar without its trailer has the same tarsum (E33)', async () => {
    expect((await tarSum(inChunks(packEntry(root)), json)).tarsums).toEqual(
      (await tarSum(inChunks(layer), json)).tarsums,
    );
  });

  test('an empty tar', async () => {
    expect(await sum(Buffer.alloc(1024))).toEqual({
      tarsums: [`tarsum+sha256:${sha256('')}`],
      tarSha256: 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    });
  });

  test('its canonical gzip', async () => {
    const gzip = Buffer.from('1f8b080000096e8800ff621805a360148c5800080000ffff2eafb5ef00040000', 'hex');
    expect(await sum(gzip, 'json')).toEqual({
      tarsums: [`tarsum+sha256:${sha256('json')}`],
      tarSha256: 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    });
  });
});

describe("docker's own vectors that can be rebuilt from their facts", () => {
  const file = { name: 'file', uid: 1000, gid: 1000, uname: 'vbatts', gname: 'vbatts' };
  const older: PackEntry = { ...file, mtime: 1409861938, body: Buffer.from('farts\n') };
  const newer: PackEntry = { ...file, mtime: 1409861993, body: Buffer.from('HOWDY\n') };

  test.each([
    ['08653904a68d3ab5c59e65ef58c49c1581caa3c34744f8d354b3f575ea04424a', [older, newer]],
    ['b51c13fbefe158b5ce420d2b930eef54c5cd55c50a2ee4abdddea8fa9f081e0d', [newer, older]],
    ['381547080919bb82691e995508ae20ed33ce0f6948d41cafbeb70ce20c73ee8e', [newer]],
    ['f886e431c08143164a676805205979cd8fa535dfcef714db5515650eea5a7c0f', [older]],
  ])('the order of one path that occurs twice: %s', async (expected, entries) => {
    expect((await sum(packTar(...entries))).tarsums[0]).toBe(`tarsum+sha256:${expected}`);
  });

  test('a file of 1 MiB with a NUL for its type', async () => {
    const zeros = { name: '/testdata0', mode: 0o755, typeflag: '\0', body: Buffer.alloc(1 << 20) };
    expect((await sum(packTar(zeros))).tarsums).toEqual([
      'tarsum+sha256:8bf12d7e67c51ee2e8306cba569398b1b9f419969521a12ffb9d8875e8836738',
    ]);
  });
});

describe('a path that occurs twice', () => {
  const entries = (...bodies: string[]): PackEntry[] => bodies.map((body) => ({ name: 'a', body: Buffer.from(body) }));

  test('has a sum for 1.3 and later, for 0.8 to 1.2 and for 0.6 to 0.7', async () => {
    const forwards = (await sum(packTar(...entries('1', '2')))).tarsums;
    const backwards = (await sum(packTar(...entries('2', '1')))).tarsums;
    // By digest alone, the order of the archive makes no difference, so the oldest sum is the same for both.
    expect(new Set([...forwards, ...backwards]).size).toBe(4);
    // Engines 0.8 to 1.2 used only the last one.
    expect(forwards).toContain((await sum(packTar(...entries('2')))).tarsums[0]);
    expect(backwards).toContain((await sum(packTar(...entries('1')))).tarsums[0]);
  });

  test('may also have ./ before it or / after it', async () => {
    const tar = packTar({ name: './d/', typeflag: '5', mtime: 1 }, { name: 'd', typeflag: '5', mtime: 2 });
    expect((await sum(tar)).tarsums.length).toBeGreaterThan(1);
  });
});

test('names are hashed as their bytes', async () => {
  const [a] = (await sum(packTar({ name: Buffer.from([0xff]) }))).tarsums;
  const [b] = (await sum(packTar({ name: Buffer.from([0xfe]) }))).tarsums;
  expect(a).not.toBe(b);
});

test('bytes that are not a tar are a TarError', async () => {
  await expect(sum(Buffer.from('hello'))).rejects.toThrow(TarError);
});

describe('the recorded sessions', () => {
  const traces = join(__dirname, '../../../protocol/traces');
  const pushes = readdirSync(traces)
    .filter((version) => /^\d/.test(version))
    .flatMap((version) => readdirSync(join(traces, version)).map((file) => join(version, file)))
    .flatMap((file) => recordedSums(file, readFileSync(join(traces, file), 'utf8')));

  test('have sums to compare', () => {
    expect(pushes.length).toBe(13);
  });

  test.each(pushes)('$file $id (E33)', async ({ json, layer, checksum, payload }) => {
    const { tarsums } = await tarSum(createReadStream(join(traces, 'layers', layer)), Buffer.from(json));
    expect(tarsums).toEqual([checksum]);
    expect(`sha256:${sha256(json, '\n', readFileSync(join(traces, 'layers', layer)))}`).toBe(payload);
  });
});

/** Every checksum that an engine sent in one session, with the json and the layer that it is about. */
function recordedSums(file: string, session: string) {
  const requests = session.split(/^>>> /m).slice(1);
  const find = (id: string, what: string, pattern: RegExp): string => {
    const request = requests.find((text) => text.includes(`PUT /v1/images/${id}/${what} `));
    return pattern.exec(request ?? '')?.[1] ?? '';
  };
  return requests.flatMap((request) => {
    const id = /PUT \/v1\/images\/(\w+)\/checksum /.exec(request)?.[1];
    if (id === undefined) return [];
    const json = find(id, 'json', /\n\n([^]*?)\n<<< /);
    const layer = find(id, 'layer', /sha256=(\w+)>/);
    const checksum = /X-Docker-Checksum: (\S+)/.exec(request)?.[1];
    const payload = /X-Docker-Checksum-Payload: (\S+)/.exec(request)?.[1];
    return [{ file, id, json, layer, checksum, payload }];
  });
}
