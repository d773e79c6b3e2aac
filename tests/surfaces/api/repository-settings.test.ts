import { askApi } from '../../helpers/api-client';
import { createImage, pushImages, startPush } from '../../helpers/images';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const CHARACTERS = 'a name has lower-case letters, digits, ".", "_" and "-", and begins with a letter or a digit';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
});
afterAll(() => server.close());
afterEach(() => server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'unlimited' }));

const ALL = '/api/v1.1/repositories/';
const pathOf = (name: string) => `${ALL}alice/${name}/`;
const create = (body: object, as = 'alice') => askApi(server, 'post', ALL, { as, body });
const read = (name: string, as = 'alice') => askApi(server, 'get', pathOf(name), { as });

async function patch(name: string, body: unknown, etag = '*', as = 'alice') {
  return askApi(server, 'patch', pathOf(name), { as, body, headers: { 'If-Match': etag } });
}

async function events(action: string): Promise<number> {
  return (await server.ctx.db('audit_events').where({ action })).length;
}

describe('POST /repositories/', () => {
  it('creates an empty repository with the given settings', async () => {
    const said = { visibility: 'private', description: 'a box', full_description: '# Box' };
    const { status, headers, body } = await create({ namespace: 'alice', name: 'box', ...said });
    expect([status, headers['location']]).toEqual([201, pathOf('box')]);
    expect(body).toMatchObject({ ...said, status: 'initialized', is_private: true, can_administer: true });
    expect((await read('box', 'robert')).status).toBe(404);
  });

  it('needs only a name', async () => {
    const { status, body } = await create({ namespace: 'alice', name: 'plain' });
    expect([status, body.visibility, body.description]).toEqual([201, 'public', '']);
  });

  it.each([
    [{ namespace: 'alice', name: 'taken' }, 409, 'alice/taken already exists'],
    [{ namespace: 'alice', name: 'Bad' }, 400, `No repository can have the name alice/Bad: ${CHARACTERS}`],
    [{ namespace: 'alice', name: 'tags' }, 400, 'No repository can have the name alice/tags: "tags" is reserved'],
    [{ namespace: 'nowhere', name: 'app' }, 404, 'No such namespace: nowhere'],
    [{ namespace: 'robert', name: 'app' }, 403, 'You cannot create repositories in robert'],
    [{ namespace: 'library', name: 'app' }, 403, 'You cannot create repositories in library'],
  ])('%j is a %i', async (body, status, detail) => {
    await startPush(server, 'alice/taken', []);
    const answer = await create(body);
    expect([answer.status, answer.body.detail]).toEqual([status, detail]);
  });

  it('creates nothing if the description is invalid', async () => {
    const answer = await create({ namespace: 'alice', name: 'half', description: 'two\nlines' });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    expect((await read('half')).status).toBe(404);
  });

  it('creates no more private repositories than the plan allows', async () => {
    await server.ctx.db('namespaces').where({ name: 'robert' }).update({ plan: 'free' });
    const one = await create({ namespace: 'robert', name: 'one', visibility: 'private' }, 'robert');
    const two = await create({ namespace: 'robert', name: 'two', visibility: 'private' }, 'robert');
    expect([one.status, two.status]).toEqual([201, 403]);
    expect(two.body.detail).toBe('The plan free of robert allows 1 private repository; 1 is in use');
  });
});

describe('PATCH /repositories/:namespace/:name/', () => {
  beforeAll(() => startPush(server, 'alice/app', []));

  it('names the field of a pattern that is refused as the API does', async () => {
    const { status, body } = await patch('app', { immutable_tags: ['no spaces'] });
    expect([status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([400, ['body.immutable_tags']]);
  });

  it('changes the given fields, and answers the new state', async () => {
    const changes = {
      description: 'an app',
      full_description: `# App\n${'"'.repeat(60_000)}`,
      visibility: 'unlisted',
      immutable_tags: ['v*', '?.0'],
    };
    const changed = await patch('app', changes);
    expect([changed.status, changed.body]).toEqual([200, expect.objectContaining(changes)]);
    const one = await patch('app', { description: 'another' });
    expect(one.body).toMatchObject({ ...changes, description: 'another' });
    expect((await read('app')).body).toEqual(one.body);
  });

  it('accepts the version that was read, and no older one', async () => {
    const { headers } = await read('app');
    const etag = headers['etag'];
    const first = await patch('app', { description: 'first' }, etag);
    const second = await patch('app', { description: 'second' }, etag);
    expect([first.status, second.status]).toEqual([200, 412]);
    expect((await patch('app', { description: 'third' }, first.headers['etag'])).status).toBe(200);
    const none = await askApi(server, 'patch', pathOf('app'), { as: 'alice', body: {} });
    expect([none.status, none.body.code]).toEqual([428, 'unconditional']);
  });

  it('accepts one of many requests that read the same version', async () => {
    const { headers } = await read('app');
    const changes = Array.from({ length: 6 }, (_, index) => ({ description: `at once ${index}` }));
    const answers = await Promise.all(changes.map((change) => patch('app', change, headers['etag'])));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
  });

  it('is not stale because of a push or a star', async () => {
    const { headers } = await read('app');
    await pushImages(server, 'alice/app', [createImage()]);
    await server.ctx.db('repositories').where({ name: 'app' }).update({ star_count: 7 });
    const after = await askApi(server, 'get', pathOf('app'), {
      as: 'alice',
      headers: { 'If-None-Match': headers['etag'] ?? '' },
    });
    expect([after.status, after.body.star_count, after.headers['etag']]).toEqual([200, 7, headers['etag']]);
    expect((await patch('app', { description: 'in time' }, headers['etag'])).status).toBe(200);
  });

  it('changes everything or nothing', async () => {
    const before = (await read('app')).body;
    const recorded = await events('repository.described');
    const answer = await patch('app', { description: 'new', visibility: 'public', immutable_tags: ['no pattern'] });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid']);
    expect((await read('app')).body).toEqual(before);
    expect(await events('repository.described')).toBe(recorded);
  });

  it('hides no more repositories than the plan allows', async () => {
    await startPush(server, 'alice/second', []);
    await server.ctx.db('namespaces').where({ name: 'alice' }).update({ plan: 'free' });
    const answer = await patch('second', { visibility: 'private', description: 'hidden' });
    expect([answer.status, answer.body.detail]).toEqual([
      403,
      'The plan free of alice allows 1 private repository; 1 is in use',
    ]);
    expect((await read('second')).body).toMatchObject({ visibility: 'public', description: '' });
  });

  it.each([{ colour: 'red' }, { visibility: 'hidden' }, { immutable_tags: 'v*' }, []])('refuses %j', async (body) => {
    expect((await patch('app', body)).status).toBe(400);
  });

  it('is for administrators of the repository, whatever the body says', async () => {
    await startPush(server, 'alice/secret', []);
    await makePrivate(server, 'alice/secret', 'alice');
    expect((await patch('app', {}, '"old"', 'robert')).status).toBe(403);
    expect((await patch('secret', {}, '"old"', 'robert')).status).toBe(404);
    expect((await askApi(server, 'patch', pathOf('app'), { body: {} })).status).toBe(401);
  });
});

describe('DELETE /repositories/:namespace/:name/', () => {
  const remove = (name: string, as = 'alice') => askApi(server, 'delete', pathOf(name), { as });

  it('deletes it with everything in it, and the name is free', async () => {
    await pushImages(server, 'alice/old', [createImage()]);
    expect((await remove('old', 'robert')).status).toBe(403);
    expect((await remove('old')).status).toBe(204);
    expect((await read('old')).status).toBe(404);
    expect((await remove('old')).status).toBe(404);
    expect(
      await server.ctx.db('audit_events').where({ action: 'repository.deleted', subject: 'alice/old' }),
    ).toMatchObject([{ actor_name: 'alice' }]);
    const { body } = await create({ namespace: 'alice', name: 'old' });
    expect([body.status, body.tag_count]).toEqual(['initialized', 0]);
  });

  it('completes a deletion that an engine began', async () => {
    await startPush(server, 'alice/going', []);
    await server.ctx
      .db('repositories')
      .where({ name: 'going' })
      .update({ state: 'deleting', deleting_since: new Date() });
    expect((await remove('going')).status).toBe(204);
    expect(await server.ctx.db('repositories').where({ name: 'going' })).toEqual([]);
  });
});
