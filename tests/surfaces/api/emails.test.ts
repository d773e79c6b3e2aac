import { listEvents } from '../../../src/features/audit/audit';
import { askApi } from '../../helpers/api-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const username of ['alice', 'robert']) await addUser(server, username);
  await addUser(server, 'root', { isAdmin: true });
});
afterAll(() => server.close());

const EMAILS = '/api/v1.1/users/alice/emails/';
const PRIMARY = { email: 'alice@example.com', verified: true, primary: true };

/** The addresses of alice. */
async function addresses(): Promise<unknown> {
  return (await askApi(server, 'get', EMAILS, { as: 'alice' })).body;
}

describe('/users/:username/emails/ (protocol 6.1)', () => {
  it('lists the addresses', async () => {
    expect(await addresses()).toEqual([PRIMARY]);
  });

  it('adds an address, which is neither verified nor primary, and removes it again in any case', async () => {
    const added = { email: 'Alice@example.net', verified: false, primary: false };
    const post = await askApi(server, 'post', EMAILS, { as: 'alice', body: { email: 'Alice@example.net' } });
    expect([post.status, post.body]).toEqual([201, added]);
    expect(await addresses()).toEqual([PRIMARY, added]);
    const removed = await askApi(server, 'delete', EMAILS, { as: 'alice', body: { email: 'alice@EXAMPLE.net' } });
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect(await addresses()).toEqual([PRIMARY]);
    const events = await listEvents(server.ctx, { subject: 'alice', limit: 2 });
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['user.email_removed', 'alice'],
      ['user.email_added', 'alice'],
    ]);
    expect(JSON.stringify(events)).not.toContain('example.net');
  });

  it.each([
    ['post', { email: 'nobody' }, 400],
    ['post', { email: 'robert@example.com' }, 400],
    ['post', { email: 'ALICE@example.com' }, 400],
    ['post', {}, 400],
    ['delete', { email: 'alice@example.com' }, 400],
    ['delete', { email: 'robert@example.com' }, 404],
    ['delete', { email: 'nobody@example.com' }, 404],
    ['delete', {}, 400],
  ] as const)('%s %j is a %i, and nothing changes', async (method, body, status) => {
    expect((await askApi(server, method, EMAILS, { as: 'alice', body })).status).toBe(status);
    expect(await addresses()).toEqual([PRIMARY]);
    expect((await askApi(server, 'get', '/api/v1.1/users/robert/emails/', { as: 'robert' })).body).toHaveLength(1);
  });

  it.each(['get', 'post', 'delete'] as const)('%s is for the owner and administrators', async (method) => {
    const body = method === 'get' ? {} : { body: { email: `${method}@example.org` } };
    expect((await askApi(server, method, EMAILS, body)).status).toBe(401);
    expect((await askApi(server, method, EMAILS, { as: 'robert', ...body })).status).toBe(403);
    const allowed = { get: 200, post: 201, delete: 404 }[method];
    expect((await askApi(server, method, EMAILS, { as: 'root', ...body })).status).toBe(allowed);
    expect((await askApi(server, method, '/api/v1.1/users/nobody/emails/', { as: 'root', ...body })).status).toBe(404);
  });
});
