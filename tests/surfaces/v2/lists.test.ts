import request, { type Response } from 'supertest';
import { asUser, digestOf, imageOf, OCI_INDEX, pushImage, pushManifest } from '../../helpers/v2-client';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'bob');
});
afterAll(() => server.close());

/** Follows the links of a list. */
async function pagesOf(path: string, user: string, field: string): Promise<string[][]> {
  const pages: string[][] = [];
  for (let next: string | undefined = path; next !== undefined;) {
    const { body, headers }: Response = await asUser(server, 'get', next, user).expect(200);
    pages.push(body[field] as string[]);
    next = /^<(.+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];
  }
  return pages;
}

describe('the list of tags of a repository', () => {
  beforeAll(async () => {
    const { config, layer } = await pushImage(server, 'alice/listed', 'b');
    for (const tag of ['B', 'a', '1.10', '1.9'])
      await pushManifest(server, 'alice/listed', tag, imageOf(config, [layer]));
  });

  it('has all tags in byte order', async () => {
    const { body } = await asUser(server, 'get', '/v2/alice/listed/tags/list').expect(200);
    expect(body).toEqual({ name: 'alice/listed', tags: ['1.10', '1.9', 'B', 'a', 'b'] });
  });

  it('has pages', async () => {
    expect(await pagesOf('/v2/alice/listed/tags/list?n=2', 'alice', 'tags')).toEqual([
      ['1.10', '1.9'],
      ['B', 'a'],
      ['b'],
    ]);
    expect(await pagesOf('/v2/alice/listed/tags/list?n=0', 'alice', 'tags')).toEqual([[]]);
    expect(await pagesOf('/v2/alice/listed/tags/list?last=B', 'alice', 'tags')).toEqual([['a', 'b']]);
    await asUser(server, 'get', '/v2/alice/listed/tags/list?n=-1').expect(400);
  });

  it('is empty for a repository without tags', async () => {
    await asUser(server, 'post', '/v2/alice/bare/blobs/uploads/').expect(202);
    const { body } = await asUser(server, 'get', '/v2/alice/bare/tags/list').expect(200);
    expect(body).toEqual({ name: 'alice/bare', tags: [] });
  });
});

describe('the catalog', () => {
  it('has what the account may find, by pages', async () => {
    await pushImage(server, 'bob/open', '1', { user: 'bob' });
    await pushImage(server, 'bob/secret', '1', { user: 'bob' });
    await server.ctx.db('repositories').where({ name: 'secret' }).update({ visibility: 'private' });
    const names = async (user: string): Promise<string[]> =>
      (await pagesOf('/v2/_catalog?n=1', user, 'repositories')).flat();
    expect(await names('bob')).toEqual(expect.arrayContaining(['bob/open', 'bob/secret']));
    expect(await names('alice')).toEqual(expect.arrayContaining(['bob/open']));
    expect(await names('alice')).not.toContain('bob/secret');
    await request(server.server).get('/v2/_catalog').expect(401);
  });
});

describe('the referrers of a manifest', () => {
  it('are those whose subject it is, also before it is pushed', async () => {
    const { config, layer, manifest: subject } = await pushImage(server, 'alice/signed', 'latest');
    const more = { subject, artifactType: 'application/x.signature', annotations: { who: 'alice' } };
    const signature = imageOf(config, [layer], more);
    const { headers } = await asUser(server, 'put', `/v2/alice/signed/manifests/${digestOf(JSON.stringify(signature))}`)
      .set('Content-Type', 'application/vnd.oci.image.manifest.v1+json')
      .send(JSON.stringify(signature))
      .expect(201);
    expect(headers['oci-subject']).toBe(subject.digest);
    const answer = await asUser(server, 'get', `/v2/alice/signed/referrers/${subject.digest}`).expect(200);
    expect(answer.headers['content-type']).toBe(OCI_INDEX);
    expect(JSON.parse(answer.text)).toMatchObject({
      schemaVersion: 2,
      manifests: [{ artifactType: 'application/x.signature', annotations: { who: 'alice' } }],
    });
    const filtered = await asUser(
      server,
      'get',
      `/v2/alice/signed/referrers/${subject.digest}?artifactType=other`,
    ).expect(200);
    expect(filtered.headers['oci-filters-applied']).toBe('artifactType');
  });

  it('are none for a digest or a repository that does not exist', async () => {
    for (const path of [`alice/signed/referrers/${digestOf('none')}`, `alice/nothing/referrers/${digestOf('none')}`]) {
      const { headers } = await asUser(server, 'get', `/v2/${path}`).expect(200);
      expect(headers['content-type']).toBe(OCI_INDEX);
    }
    await asUser(server, 'get', '/v2/alice/signed/referrers/sha256:1').expect(400);
    await request(server.server)
      .get(`/v2/alice/nothing/referrers/${digestOf('none')}`)
      .set('Authorization', basic('bob', 'x'))
      .expect(401);
  });
});
