import { OPERATOR } from '../../../src/features/audit/audit';
import { deriveMissing } from '../../../src/features/bridge/pending-images';
import { collectGarbage } from '../../../src/features/images/gc';
import { hex, pushOverV2, type PushedOverV2 } from '../../helpers/crossing-images';
import { platformOf, pushIndex } from '../../helpers/index-images';
import { makePrivate } from '../../helpers/registry-client';
import { recordStatements } from '../../helpers/statements';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser, OCI_INDEX, pushManifest } from '../../helpers/v2-client';
import { zstdOf } from '../../helpers/zstd';

/* The platform of an index by the engine's own User-Agent (bridge 9). */

const ALL = ['linux/amd64', 'linux/arm64/v8', 'linux/arm/v7', 'linux/arm/v6', 'linux/386'];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());

/** What docker 17.05 sends. */
const engineOn = (arch: string): string =>
  `docker/17.05.0-ce go/go1.7.5 git-commit/89658be kernel/4.9.0 os/linux arch/${arch} UpstreamClient(Docker-Client/17.05.0-ce)`;

const get = (path: string, arch: string, user = 'alice') =>
  asUser(server, 'get', `/v1/repositories/alice/${path}`, user).set('User-Agent', engineOn(arch));
const tagsOf = async (name: string, arch: string): Promise<unknown> =>
  (await get(`${name}/tags`, arch)).body as unknown;
const tagOf = async (name: string, arch: string, tag = 'latest'): Promise<unknown> => {
  const { status, body } = await get(`${name}/tags/${tag}`, arch);
  return status === 200 ? body : { status, ...(body as object) };
};
const idOf = ({ config }: PushedOverV2): string => hex(config.digest);
const NOT_FOUND = { status: 404, error: 'Tag not found' };

const digestOfTag = async (name: string, tag = 'latest'): Promise<unknown> =>
  (await asUser(server, 'head', `/v2/alice/${name}/manifests/${tag}`).expect(200)).headers['docker-content-digest'];
const putTag = (name: string, id: string, tag = 'latest') =>
  asUser(server, 'put', `/v1/repositories/alice/${name}/tags/${tag}`).send(JSON.stringify(id));

describe('an index', () => {
  it('has for each engine the image for its architecture', async () => {
    const { images } = await pushIndex(server, 'alice/all', ALL);
    const wanted = { amd64: ALL[0]!, arm64: ALL[1]!, arm: ALL[3]!, '386': ALL[4]! };
    for (const [arch, platform] of Object.entries(wanted)) {
      const id = idOf(images[platform]!);
      expect([arch, await tagsOf('all', arch), await tagOf('all', arch)]).toEqual([arch, { latest: id }, id]);
    }
    const arm64 = idOf(images['linux/arm64/v8']!);
    const { body } = await asUser(server, 'get', `/v1/images/${arm64}/ancestry`).expect(200);
    expect(body).toEqual([arm64, hex(images['linux/arm64/v8']!.diffIds[0]!)]);
  });

  it('does not exist for engines whose architecture it does not have', async () => {
    const { images, manifest } = await pushIndex(server, 'alice/few', ['linux/arm64', 'windows/amd64']);
    expect([await tagsOf('few', 's390x'), await tagOf('few', 's390x')]).toEqual([{}, NOT_FOUND]);
    expect([await tagsOf('few', 'amd64'), await tagOf('few', 'amd64')]).toEqual([{}, NOT_FOUND]);
    expect(await tagOf('few', 'arm64')).toBe(idOf(images['linux/arm64']!));
    const { v1_problem: problem } = await server.ctx.db('manifests').where({ digest: manifest.digest }).first();
    expect(problem).toBe('it has no image for linux on amd64');
  });

  it.each([
    ['an engine of an architecture that no engine has', engineOn('riscv128')],
    ['an engine that does not say its architecture', 'docker/1.5.0 go/go1.4 kernel/3.2.0 os/linux'],
    ['another client', 'curl/7.88 arch/arm64'],
  ])('is the image for amd64 for %s', async (_who, agent) => {
    const { images } = await pushIndex(server, 'alice/usual', ALL);
    const { body } = await asUser(server, 'get', '/v1/repositories/alice/usual/tags').set('User-Agent', agent);
    expect(body).toEqual({ latest: idOf(images['linux/amd64']!) });
  });

  it('may list another index, and attestations', async () => {
    const inner = await pushIndex(server, 'alice/nested', ['linux/arm64', 'linux/amd64'], { tag: '' });
    const attestation = await pushOverV2(server, 'alice/nested', { tag: '' });
    const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const manifests = [{ ...attestation.manifest, ...platformOf('linux/arm64'), annotations }, inner.manifest];
    await pushManifest(server, 'alice/nested', 'latest', { schemaVersion: 2, manifests }, { type: OCI_INDEX });
    expect(await tagOf('nested', 'arm64')).toBe(idOf(inner.images['linux/arm64']!));
    expect(await tagOf('nested', 'amd64')).toBe(idOf(inner.images['linux/amd64']!));
  });

  it('does not make engines of amd64 wait for the layers of others', async () => {
    const { images } = await pushIndex(server, 'alice/waits', ['linux/amd64']);
    const arm = await pushOverV2(server, 'alice/waits', { tag: '', encode: zstdOf });
    const amd = images['linux/amd64']!;
    const manifests = [
      { ...amd.manifest, ...platformOf('linux/amd64') },
      { ...arm.manifest, ...platformOf('linux/arm64') },
    ];
    await pushManifest(server, 'alice/waits', 'latest', { schemaVersion: 2, manifests }, { type: OCI_INDEX });
    const pending = () => server.ctx.db('pending_images');
    expect(await tagsOf('waits', 'amd64')).toEqual({ latest: idOf(amd) });
    await get('waits/images', 'amd64').expect(200);
    expect(await pending()).toHaveLength(1);
    expect(await tagsOf('waits', 'arm64')).toEqual({ latest: idOf(arm) });
    expect(await pending()).toEqual([]);
  });

  it('of an earlier version gets its images at the first request', async () => {
    const { images, manifest } = await pushIndex(server, 'alice/former', ALL);
    await server.ctx.db('platform_images').delete();
    const { id } = await server.ctx.db('manifests').where({ digest: manifest.digest }).first('id');
    await server.ctx.db('pending_images').insert({ manifest_id: id });
    expect(await tagOf('former', 'arm64')).toBe(idOf(images['linux/arm64/v8']!));
  });

  it('has them in another repository to which its tag is copied', async () => {
    const { images } = await pushIndex(server, 'alice/copied', ALL);
    await asUser(server, 'post', '/api/v1.1/repositories/', 'alice').send({ namespace: 'alice', name: 'copy' });
    await asUser(server, 'post', '/api/v1.1/repositories/alice/copy/tags/')
      .send({ name: 'latest', source: { namespace: 'alice', name: 'copied', tag: 'latest' } })
      .expect(201);
    await deriveMissing(server.ctx, AbortSignal.timeout(60_000));
    for (const [arch, platform] of Object.entries({ amd64: 'linux/amd64', arm64: 'linux/arm64/v8' })) {
      expect(await tagOf('copy', arch)).toBe(idOf(images[platform]!));
    }
  });

  it('keeps the images of all architectures from the garbage collection while a tag points to it', async () => {
    const { images } = await pushIndex(server, 'alice/kept', ALL);
    const collect = async (): Promise<void> => {
      await server.ctx.db('repository_images').update({ announced_at: '2020-01-01' });
      await collectGarbage(server.ctx, { olderThanMs: 1000, dryRun: false, doer: OPERATOR });
    };
    const statusOf = async (platform: string): Promise<number> =>
      (await asUser(server, 'get', `/v1/images/${idOf(images[platform]!)}/ancestry`)).status;
    await collect();
    expect([await statusOf('linux/386'), await statusOf('linux/arm/v6')]).toEqual([200, 200]);
    await asUser(server, 'delete', '/v2/alice/kept/manifests/latest').expect(202);
    await collect();
    expect([await statusOf('linux/386'), await statusOf('linux/arm/v6')]).toEqual([404, 404]);
  });
});

describe('an image that is not in an index', () => {
  it('is the same for all engines', async () => {
    const { config } = await pushOverV2(server, 'alice/single');
    for (const arch of ['amd64', 'arm64']) expect(await tagOf('single', arch)).toBe(hex(config.digest));
  });
});

describe('an engine that pushes the image of its architecture back', () => {
  it('changes nothing, even if the tag is immutable', async () => {
    const { images, manifest } = await pushIndex(server, 'alice/back', ALL);
    await server.ctx
      .db('repositories')
      .where({ name: 'back' })
      .update({ immutable_tags: ['latest'] });
    const events = async (): Promise<unknown> => (await server.ctx.db('tag_events').count())[0];
    const before = await events();
    await putTag('back', idOf(images['linux/arm64/v8']!)).expect(200);
    expect([await digestOfTag('back'), await events()]).toEqual([manifest.digest, before]);
    expect(await tagOf('back', 'amd64')).toBe(idOf(images['linux/amd64']!));
    expect(await tagOf('back', 'arm64')).toBe(idOf(images['linux/arm64/v8']!));
    const hidden = await pushOverV2(server, 'alice/back', { tag: 'other' });
    await putTag('back', idOf(hidden)).expect(409);
  });

  it('sets another tag to it alone, which is the image of the index for v2, too', async () => {
    const { images } = await pushIndex(server, 'alice/alone', ALL);
    const arm64 = images['linux/arm64/v8']!;
    await putTag('alone', idOf(arm64), 'arm').expect(200);
    expect(await digestOfTag('alone', 'arm')).toBe(arm64.manifest.digest);
    expect(await tagOf('alone', 'amd64', 'arm')).toBe(idOf(arm64));
  });
});

describe('the list for another architecture', () => {
  it('is one query, as for amd64, and is read again only when tags change', async () => {
    await pushIndex(server, 'alice/list', ALL);
    await server.ctx.activity.flush(); // no other statements in between
    const ask = (arch: string) => recordStatements(server.ctx.db, () => tagsOf('list', arch));
    await ask('amd64');
    const [first, second] = [await ask('arm64'), await ask('arm64')];
    expect([first.statements.length, second.statements.length]).toEqual([1, 1]);
    expect(first.result).toEqual(second.result);
    const other = await pushIndex(server, 'alice/list', ['linux/arm64'], { tag: 'other' });
    expect(await tagsOf('list', 'arm64')).toMatchObject({ other: idOf(other.images['linux/arm64']!) });
    expect(await tagsOf('list', 'amd64')).not.toHaveProperty('other');
  });

  it('varies by the User-Agent, and obeys the visibility of the repository', async () => {
    await pushIndex(server, 'alice/private', ALL);
    const { headers } = await get('private/tags', 'arm64').expect(200);
    expect(headers['vary']).toContain('User-Agent');
    await makePrivate(server, 'alice/private', 'alice');
    await addUser(server, 'bob');
    await get('private/tags', 'arm64', 'bob').expect(404);
    await get('private/tags', 'arm64', '').expect(401);
    await get('private/tags/latest', 'arm64', 'bob').expect(404);
  });
});
