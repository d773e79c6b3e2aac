import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import { createEmptyPlace, expectBoth, pushBoth, type EmptyPlace } from '../helpers/backups';
import { createImage, startPush } from '../helpers/images';
import { describeInstalled } from '../helpers/installed';
import { registryClient } from '../helpers/registry-client';
import { basic, passwordOf } from '../helpers/test-server';
import { asUser, digestOf, startUpload } from '../helpers/v2-client';
import { buildPrevious, hasPrevious } from './previous';

/* A rolling upgrade: this version has started, and migrated the database, while the previous one goes on. */

const ADMINISTRATOR = { DRYDOCK_ADMIN_USERNAME: 'alice', DRYDOCK_ADMIN_PASSWORD: passwordOf('alice') };

describeInstalled(hasPrevious(), 'the previous version next to this one', () => {
  let place: EmptyPlace;
  let old: ChildServer;
  let now: ChildServer;
  let removeOld: () => Promise<void>;
  beforeAll(async () => {
    place = await createEmptyPlace();
    const { program, remove } = await buildPrevious();
    removeOld = remove;
    old = await startChildServer({ ...place.environment, ...ADMINISTRATOR }, [], undefined, program);
    now = await startChildServer(place.environment);
  });
  afterAll(async () => {
    await Promise.all([old.end('SIGKILL'), now.end('SIGKILL')]);
    await place.remove();
    await removeOld();
  });

  const pairs = (): [ChildServer, ChildServer][] => [
    [old, now],
    [now, old],
  ];

  it('serves what was pushed to the other one, over both protocols (R281)', async () => {
    for (const [at, [one, other]] of pairs().entries()) {
      const names = { old: `alice/v1-${at}`, now: `alice/v2-${at}` };
      const pushed = await pushBoth(one, names);
      await expectBoth(other, pushed, names);
      await expectBoth(one, pushed, names);
    }
  });

  it('takes the parts of a push from the other one (R281)', async () => {
    for (const [one, other] of pairs()) {
      const image = createImage();
      const token = await startPush(one, 'alice/parts', [image]);
      expect(await registryClient(other, token).putJson(image.id, image.json)).toMatchObject({ status: 200 });
      expect(await registryClient(one, token).putLayer(image.id, image.layer)).toMatchObject({ status: 200 });
      expect(await registryClient(other, token).putPayload(image.id, image.payload)).toMatchObject({ status: 200 });
      const bytes = randomBytes(200_000);
      const location = new URL(await startUpload(one, 'alice/pieces'), one.url);
      const upload = location.pathname + location.search;
      await asUser(other, 'patch', upload).send(bytes.subarray(0, 90_000)).expect(202);
      await asUser(one, 'patch', upload).send(bytes.subarray(90_000)).expect(202);
      await asUser(other, 'put', `${upload}?digest=${digestOf(bytes)}`).expect(201);
      await asUser(one, 'head', `/v2/alice/pieces/blobs/${digestOf(bytes)}`).expect(200);
    }
  });

  it('knows the accounts, tokens, stars, comments and webhooks of the other one (R281)', async () => {
    const api = '/api/v1.1/repositories/alice/v1-0';
    for (const [at, [one, other]] of pairs().entries()) {
      const name = `user${at}`;
      const account = { username: name, password: passwordOf(name), email: `${name}@example.com` };
      await request(one.url).post('/v1/users/').send(account).expect(201);
      const ask = (on: ChildServer, method: 'get' | 'put' | 'post' | 'delete', path: string, user: string = name) =>
        request(on.url)[method](path).set('Authorization', basic(user)).set('If-Match', '*');
      const made = await ask(other, 'post', `/api/v1.1/users/${name}/tokens/`)
        .send({ name: 'ci', access: 'read' })
        .expect(201);
      const { token } = made.body as { token: string };
      await request(one.url).get('/v1/users/').set('Authorization', basic(name, token)).expect(200);
      await ask(one, 'put', `${api}/star/`).expect(204);
      await ask(other, 'post', `${api}/comments/`).send({ text: 'hello' }).expect(201);
      const hook = { name: `hook${at}`, urls: ['https://hooks.example.com/pushed'] };
      await ask(one, 'post', `${api}/webhooks/`, 'alice').send(hook).expect(201);
      const { body: hooks } = await ask(other, 'get', `${api}/webhooks/`, 'alice').expect(200);
      expect(JSON.stringify(hooks)).toContain(hook.name);
      const headers = { Authorization: basic(name), 'Content-Type': 'application/json' };
      const changed = await fetch(`${one.url}/v1/users/${name}/`, {
        method: 'PUT',
        headers,
        body: '{"password":"changed"}',
      });
      expect(changed.status).toBe(204);
      await request(other.url).get('/v1/users/').set('Authorization', basic(name)).expect(401);
    }
  });

  it('moves and deletes tags and repositories of the other one (R281)', async () => {
    for (const [at, [one, other]] of pairs().entries()) {
      const remove = (on: ChildServer, path: string) =>
        request(on.url).delete(path).set('Authorization', basic('alice'));
      await remove(other, `/v1/repositories/alice/v1-${at}/tags/latest`).expect(200);
      await request(one.url)
        .get(`/v1/repositories/alice/v1-${at}/tags/latest`)
        .set('Authorization', basic('alice'))
        .expect(404);
      await asUser(one, 'delete', `/v2/alice/v2-${at}/manifests/latest`).expect(202);
      await asUser(other, 'get', `/v2/alice/v2-${at}/manifests/latest`).expect(404);
    }
  });

  it('is stopped, and this version alone goes on with everything (R281)', async () => {
    const pushed = await pushBoth(old, { old: 'alice/last-v1', now: 'alice/last-v2' });
    expect(await old.end('SIGTERM')).toBe(0);
    await expectBoth(now, pushed, { old: 'alice/last-v1', now: 'alice/last-v2' });
  });
});
