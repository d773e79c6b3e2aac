import request from 'supertest';
import { createCommandPlace, success, type CommandPlace } from '../../helpers/command-place';
import { startChildServer } from '../../helpers/child-server';
import { basic } from '../../helpers/test-server';

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
});
afterEach(() => place.close());

const THERE = 'The demo repositories are ready: hello, demo/hello, demo/private.\n';

it('creates demo data that a server serves, to those who may see it', async () => {
  const { code, stdout, stderr } = await place.run('seed');
  expect([code, stderr]).toEqual([0, '']);
  const shown = stdout.replaceAll(/password [\w-]{16} /g, 'password … ');
  expect(shown).toBe(
    'The administrator is "admin" with the password … (shown only once).\n' +
      'Created demo with the password … (shown only once).\n' +
      'Created guest with the password … (shown only once).\n' +
      THERE,
  );
  const passwordOf = (name: string) => new RegExp(`${name}"? with the password (\\S+)`).exec(stdout)?.[1] ?? '';
  const server = await startChildServer(place.environment);
  try {
    const get = (url: string, user?: string) => {
      const asked = request(server.url).get(url);
      return user === undefined ? asked : asked.set('Authorization', basic(user, passwordOf(user)));
    };
    const hello = await get('/v1/repositories/library/hello/tags').expect(200);
    expect(Object.keys(hello.body)).toEqual(['1.0', 'latest']);
    const ancestry = await get(`/v1/images/${hello.body.latest}/ancestry`).expect(200);
    expect(ancestry.body).toEqual([hello.body.latest, hello.body['1.0'], expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const files = await get(`/v1/images/${hello.body['1.0']}/files`).expect(200);
    expect(files.body).toMatchObject([['/hello.txt', 'f', false, 7, 1402315200, 0o644, 0, 0]]);
    await get('/v1/repositories/demo/hello/tags').expect(200);
    await get('/v1/repositories/demo/private/tags').expect(401);
    await get('/v1/repositories/demo/private/tags', 'guest').expect(404);
    await get('/v1/repositories/demo/private/tags', 'demo').expect(200);
    await get('/v1/repositories/demo/private/tags', 'admin').expect(200);
  } finally {
    await server.end('SIGTERM');
  }
});

it('changes nothing if all of it exists, and adds what is missing', async () => {
  await place.run('seed');
  const { db } = place.database;
  const counts = async () =>
    Promise.all(
      ['users', 'repositories', 'tags', 'repository_images', 'image_contents', 'blobs', 'uploads'].map(async (table) =>
        Number((await db(table).count('* as rows'))[0]?.['rows']),
      ),
    );
  const before = await counts();
  expect(before).toEqual([3, 3, 4, 9, 5, 5, 0]);
  await expect(place.run('seed')).resolves.toEqual(success(THERE));
  await expect(counts()).resolves.toEqual(before);
  await place.run('repo', 'delete', 'demo/private', '--yes');
  await expect(place.run('seed')).resolves.toEqual(success(THERE));
  await expect(counts()).resolves.toEqual(before);
  await expect(db('repositories').where({ visibility: 'private' }).pluck('name')).resolves.toEqual(['private']);
});

it('acts for an existing administrator', async () => {
  await place.run('user', 'add', 'alice', '--password', 'alicepw', '--admin');
  const { stdout } = await place.run('seed');
  expect(stdout).not.toContain('administrator');
  // No command leaves a site without an administrator; an older version did.
  await place.database.db('users').where({ username: 'alice' }).update({ is_active: false });
  await place.run('repo', 'delete', 'hello', '--yes');
  await expect(place.run('seed')).resolves.toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: The library needs an active administrator, but there is none\n',
  });
});
