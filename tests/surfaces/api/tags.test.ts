import { askApi } from '../../helpers/api-client';
import { createChain, createImage, pushImages, startPush, uploadImage } from '../../helpers/images';
import { pushPrivate } from '../../helpers/isolation';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

const APP = '/api/v1.1/repositories/alice/app/';
const SECRET = '/api/v1.1/repositories/alice/secret/';
const [base, top] = createChain(2) as [ReturnType<typeof createImage>, ReturnType<typeof createImage>];

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await pushPrivate(server, 'alice/secret', [createImage()]);
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.ctx.db('repositories').where({ name: 'app' }).delete();
  await pushImages(server, 'alice/app', [base, top]);
});

const tag = (name: string) => `${APP}tags/${name}/`;
const put = (name: string, imageId: unknown, as = 'alice') =>
  askApi(server, 'put', tag(name), { as, body: { image_id: imageId } });
const protect = (...patterns: string[]) =>
  server.ctx.db('repositories').where({ name: 'app' }).update({ immutable_tags: patterns });

describe('one tag', () => {
  it('is set, moved and shown', async () => {
    const made = await put('1.0', base.id);
    expect([made.status, made.body]).toMatchObject([201, { name: '1.0', image_id: base.id }]);
    expect((await put('1.0', base.id)).status).toBe(200);
    expect((await put('1.0', top.id)).body).toMatchObject({ image_id: top.id });
    const shown = await askApi(server, 'get', tag('1.0'));
    expect([shown.status, shown.body.image_id]).toEqual([200, top.id]);
    const again = await askApi(server, 'get', tag('1.0'), {
      headers: { 'If-None-Match': shown.headers['etag'] ?? '' },
    });
    expect(again.status).toBe(304);
  });

  it('is deleted', async () => {
    await put('old', base.id);
    expect((await askApi(server, 'delete', tag('old'), { as: 'robert' })).status).toBe(403);
    expect((await askApi(server, 'delete', tag('old'), { as: 'alice' })).status).toBe(204);
    expect((await askApi(server, 'delete', tag('old'), { as: 'alice' })).status).toBe(404);
    expect((await askApi(server, 'get', tag('old'))).status).toBe(404);
  });

  it('points only to complete images in the repository', async () => {
    const orphan = createImage({ parent: createImage().id });
    const strange = createImage();
    await uploadImage(server, await startPush(server, 'alice/app', [strange]), strange);
    const statuses = [
      await put('x', strange.id),
      await put('x', orphan.id),
      await put('x', 'no id'),
      await put('x', ''),
      await put('x', 5),
      await put('not a tag', base.id),
    ].map(({ status }) => status);
    expect(statuses).toEqual([201, 404, 404, 400, 400, 400]);
  });

  it('can be set only by those who may push', async () => {
    expect((await put('latest', base.id, 'robert')).status).toBe(403);
    const secret = await askApi(server, 'put', `${SECRET}tags/x/`, { as: 'robert', body: { image_id: base.id } });
    expect(secret.status).toBe(404);
    expect((await askApi(server, 'get', `${SECRET}tags/latest/`, { as: 'robert' })).status).toBe(404);
  });

  it('stays if it is immutable', async () => {
    await protect('v*');
    expect((await put('v1', base.id)).status).toBe(201);
    const moved = await put('v1', top.id);
    expect([moved.status, moved.body.detail]).toEqual([409, 'The tag v1 is immutable: it cannot be moved or deleted']);
    expect((await askApi(server, 'delete', tag('v1'), { as: 'alice' })).status).toBe(409);
    expect((await askApi(server, 'get', tag('v1'))).body.image_id).toBe(base.id);
  });
});

describe('the history of tags', () => {
  const history = (query = {}, as = 'alice') => askApi(server, 'get', `${APP}tag-history/`, { as, query });
  const restore = (event: number | string, body: object, as = 'alice') =>
    askApi(server, 'post', `${APP}tag-history/${event}/restore/`, { as, body });

  beforeEach(async () => {
    await put('latest', base.id);
    await put('history', top.id);
    await askApi(server, 'delete', tag('history'), { as: 'alice' });
  });

  it('shows who moved which tag when, the newest event first', async () => {
    const { body } = await history({}, 'robert');
    const said = body.results.map(({ id: _id, date: _date, ...event }: { id: number; date: string }) => event);
    expect(body.next).toBeNull();
    expect(said).toEqual([
      { tag: 'history', from: top.id, to: null, actor: 'alice' },
      { tag: 'history', from: null, to: top.id, actor: 'alice' },
      { tag: 'latest', from: top.id, to: base.id, actor: 'alice' },
      { tag: 'latest', from: null, to: top.id, actor: 'alice' },
    ]);
  });

  it('has pages that a new event does not shift', async () => {
    const first = await history({ page_size: 2, tag: 'latest' });
    expect([first.body.results.length, first.body.next]).toEqual([2, null]);
    const page = await history({ page_size: 3 });
    await put('new', base.id);
    const rest = await askApi(server, 'get', page.body.next.replace(server.url, ''), { as: 'alice' });
    expect(rest.body).toMatchObject({ next: null, results: [{ tag: 'latest', from: null, to: top.id }] });
    expect((await history({ before: 0 })).status).toBe(400);
    expect((await askApi(server, 'get', `${SECRET}tag-history/`, { as: 'robert' })).status).toBe(404);
  });

  it('can be used to set a tag back', async () => {
    const [deletion, , move, creation] = (await history()).body.results;
    const back = await restore(deletion.id, {});
    expect([back.status, back.body]).toMatchObject([200, { name: 'history', image_id: top.id }]);
    expect((await restore(creation.id, { side: 'after' })).body).toMatchObject({ name: 'latest', image_id: top.id });
    const nowhere = await restore(deletion.id, { side: 'after' });
    expect([nowhere.status, nowhere.body.detail]).toEqual([409, 'The tag history did not exist after this event']);
    expect((await restore(move.id, {}, 'robert')).status).toBe(403);
    expect((await restore(999_999, {})).status).toBe(404);
    expect((await restore('none', {})).status).toBe(404);
    await protect('latest');
    expect((await restore(move.id, { side: 'after' })).status).toBe(409);
  });
});
