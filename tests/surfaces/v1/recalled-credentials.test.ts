import request from 'supertest';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { updateUser } from '../../../src/features/accounts/users';
import { setStatus } from '../../../src/features/namespaces/account-status';
import { createImage, pushImages } from '../../helpers/images';
import { addUser, basic, startTestServer, type TestServer } from '../../helpers/test-server';

/*
 * A read with Basic begins with the remembered identity of the same credentials, and the query of the read checks it
 * against the database. So nothing may be served after access has ended, and nothing permitted may be refused.
 */

let server: TestServer;
const image = createImage();
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await pushImages(server, 'alice/app', [image]);
  await request(server.server)
    .put('/v1/repositories/alice/app/properties')
    .set('Authorization', basic('alice'))
    .send({ access: 'private' })
    .expect(200);
});
afterAll(() => server.close());

const READS = [
  '/v1/users',
  '/v1/repositories/alice/app/images',
  '/v1/repositories/alice/app/tags',
  '/v1/repositories/alice/app/properties',
  `/v1/repositories/alice/app/layer/${image.id}/access`,
  `/v1/images/${image.id}/json`,
  `/v1/images/${image.id}/ancestry`,
  `/v1/images/${image.id}/layer`,
  '/v1/search?q=app',
];

async function statuses(authorization: string): Promise<number[]> {
  const answers: number[] = [];
  for (const path of READS) {
    answers.push((await request(server.server).get(path).set('Authorization', authorization)).status);
  }
  return answers;
}

const all = (status: number): number[] => READS.map(() => status);

it('a password that was changed, and changed back, is refused and accepted at once (R6)', async () => {
  expect(await statuses(basic('alice'))).toEqual(all(200));
  await updateUser(server.ctx, OPERATOR_ACTOR, 'alice', { password: 'another' });
  expect(await statuses(basic('alice'))).toEqual(all(401));
  expect(await statuses(basic('alice', 'another'))).toEqual(all(200));
  await updateUser(server.ctx, OPERATOR_ACTOR, 'alice', { password: 'alicepw' });
  expect(await statuses(basic('alice', 'another'))).toEqual(all(401));
  expect(await statuses(basic('alice'))).toEqual(all(200));
});

it('an account that is deactivated gets 403 at once, and is back at once (R6)', async () => {
  expect(await statuses(basic('alice'))).toEqual(all(200));
  await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isActive: false });
  expect(await statuses(basic('alice'))).toEqual(all(403));
  await setStatus(server.ctx, OPERATOR_ACTOR, 'alice', { isActive: true });
  expect(await statuses(basic('alice'))).toEqual(all(200));
});

it('a wrong password is never remembered', async () => {
  for (let turn = 0; turn < 2; turn += 1) {
    const { status } = await request(server.server).get(READS[1]!).set('Authorization', basic('alice', 'wrong'));
    expect(status).toBe(401);
  }
});
