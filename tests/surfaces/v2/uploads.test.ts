import { randomBytes } from 'node:crypto';
import { asUser, digestOf, pushBlob, pushImage, startUpload } from '../../helpers/v2-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await addUser(server, 'bob');
});
afterAll(() => server.close());

const bytes = randomBytes(1000);
const digest = digestOf(bytes);
const blob = (name: string, of = digest): string => `/v2/alice/${name}/blobs/${of}`;

describe('uploading a blob', () => {
  it('takes it in one PATCH and an empty PUT, as docker and podman send it', async () => {
    const location = await startUpload(server, 'alice/patched');
    const patched = await asUser(server, 'patch', location).send(bytes).expect(202);
    expect(patched.headers['range']).toBe('0-999');
    const { headers } = await asUser(server, 'put', `${String(patched.headers['location'])}?digest=${digest}`).expect(
      201,
    );
    expect([headers['location'], headers['docker-content-digest']]).toEqual([blob('patched'), digest]);
    const { body } = await asUser(server, 'get', blob('patched')).expect(200);
    expect(body).toEqual(bytes);
  });

  it('takes it in one POST', async () => {
    await asUser(server, 'post', `/v2/alice/posted/blobs/uploads/?digest=${digest}`).send(bytes).expect(201);
    const { headers } = await asUser(server, 'head', blob('posted')).expect(200);
    expect(headers['content-length']).toBe('1000');
  });

  it('takes a body of the type of forms, which curl sends, for bytes', async () => {
    const location = await startUpload(server, 'alice/curled');
    await asUser(server, 'put', `${location}?digest=${digestOf('a=b&c=d')}`)
      .set('Content-Type', 'application/x-www-form-urlencoded')
      .send('a=b&c=d')
      .expect(201);
  });

  it('takes an empty blob', async () => {
    await pushBlob(server, 'alice/empty', Buffer.alloc(0));
    const { headers } = await asUser(server, 'get', blob('empty', digestOf(''))).expect(200);
    expect(headers['content-length']).toBe('0');
  });

  it('takes pieces in order, the last one with the PUT', async () => {
    let location = await startUpload(server, 'alice/pieces');
    for (const start of [0, 300, 600]) {
      const piece = bytes.subarray(start, start + 300);
      const { headers } = await asUser(server, 'patch', location)
        .set('Content-Range', `${start}-${start + 299}`)
        .send(piece)
        .expect(202);
      location = String(headers['location']);
    }
    await asUser(server, 'put', `${location}?digest=${digest}`)
      .set('Content-Range', '900-999')
      .send(bytes.subarray(900))
      .expect(201);
  });

  it('answers a piece at a wrong place with the right place, and goes on', async () => {
    const location = await startUpload(server, 'alice/disorder');
    await asUser(server, 'patch', location).set('Content-Range', '0-499').send(bytes.subarray(0, 500)).expect(202);
    const wrong = await asUser(server, 'patch', location).set('Content-Range', '700-999').send(bytes.subarray(700));
    expect([wrong.status, wrong.headers['range'], wrong.headers['location']]).toEqual([416, '0-499', location]);
    expect(wrong.body.errors[0].code).toBe('BLOB_UPLOAD_INVALID');
    for (const unreadable of ['500-', '-999', 'all', '500-999,1-2']) {
      const { status } = await asUser(server, 'patch', location)
        .set('Content-Range', unreadable)
        .send(bytes.subarray(500));
      expect([unreadable, status]).toEqual([unreadable, 416]);
    }
    const { status, headers } = await asUser(server, 'get', location);
    expect([status, headers['range'], headers['docker-upload-uuid']]).toEqual([
      204,
      '0-499',
      location.split('/').at(-1),
    ]);
    await asUser(server, 'put', `${location}?digest=${digest}`).send(bytes.subarray(500)).expect(201);
  });

  it('forgets an upload whose digest differs', async () => {
    const location = await startUpload(server, 'alice/wrong');
    const { body } = await asUser(server, 'put', `${location}?digest=${digestOf('else')}`)
      .send(bytes)
      .expect(400);
    expect(body.errors[0]).toMatchObject({ code: 'DIGEST_INVALID', detail: { digest } });
    await asUser(server, 'get', location).expect(404);
    await asUser(server, 'head', blob('wrong')).expect(404);
  });

  it.each(['', 'sha256:12', 'md5:d41d8cd98f00b204e9800998ecf8427e', `sha256:${'A'.repeat(64)}`])(
    'refuses "%s" as a digest',
    async (bad) => {
      const location = await startUpload(server, 'alice/bad');
      const { body } = await asUser(server, 'put', `${location}?digest=${bad}`).send(bytes).expect(400);
      expect(body.errors[0].code).toBe('DIGEST_INVALID');
    },
  );

  it('keeps a sha512 digest next to the sha256', async () => {
    const sha512 = digestOf(bytes, 'sha512');
    await pushBlob(server, 'alice/sha512', bytes, { digest: sha512 });
    const { headers } = await asUser(server, 'head', blob('sha512', sha512)).expect(200);
    expect(headers['docker-content-digest']).toBe(sha512);
    await asUser(server, 'head', blob('sha512')).expect(200);
  });

  it('ends when it is cancelled', async () => {
    const location = await startUpload(server, 'alice/cancelled');
    await asUser(server, 'delete', location).expect(204);
    const { body } = await asUser(server, 'patch', location).send(bytes).expect(404);
    expect(body.errors[0].code).toBe('BLOB_UPLOAD_UNKNOWN');
  });

  it('is unknown to another account, and in another repository', async () => {
    const location = await startUpload(server, 'alice/mine');
    await server.ctx.db('collaborators').insert({
      repository_id: server.ctx.db('repositories').where({ name: 'mine' }).select('id'),
      user_id: server.ctx.db('users').where({ username: 'bob' }).select('id'),
    });
    await asUser(server, 'get', location, 'bob').expect(404);
    await startUpload(server, 'alice/other');
    await asUser(server, 'get', location.replace('/mine/', '/other/')).expect(404);
    await asUser(server, 'get', location).expect(204);
  });
});

describe('mounting a blob', () => {
  const mount = (to: string, from: string, user = 'alice'): ReturnType<typeof asUser> =>
    asUser(server, 'post', `/v2/${to}/blobs/uploads/?mount=${digest}&from=${encodeURIComponent(from)}`, user);

  it('links a blob of another repository that the account may pull', async () => {
    await pushBlob(server, 'alice/source', bytes);
    const { headers } = await mount('alice/target', 'alice/source').expect(201);
    expect(headers['location']).toBe(blob('target'));
    await asUser(server, 'head', blob('target')).expect(200);
  });

  it('mounts the layer of an image of v1', async () => {
    const { layer } = await pushImage(server, 'bob/base', '1', { user: 'bob' });
    const { status } = await asUser(
      server,
      'post',
      `/v2/alice/derived/blobs/uploads/?mount=${layer.digest}&from=bob/base`,
    );
    expect(status).toBe(201);
  });

  it('starts an upload instead, without a hint, when it may not be pulled or is not there', async () => {
    await pushBlob(server, 'bob/secret', bytes, { user: 'bob' });
    await server.ctx.db('repositories').where({ namespace: 'bob', name: 'secret' }).update({ visibility: 'private' });
    const answers = [];
    for (const from of ['bob/secret', 'bob/nothing', 'alice/target2', 'no such/name', '']) {
      const { status, headers } = await mount('alice/target3', from).expect(202);
      answers.push([status, headers['range'], 'docker-content-digest' in headers]);
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await asUser(server, 'head', blob('target3')).expect(404);
  });
});

describe('reading a blob', () => {
  it('is possible only through a repository that has it', async () => {
    await pushBlob(server, 'alice/has', bytes);
    await pushBlob(server, 'alice/hasnot', randomBytes(10));
    const { body } = await asUser(server, 'get', blob('hasnot')).expect(404);
    expect(body.errors[0].code).toBe('BLOB_UNKNOWN');
  });

  it.each([
    ['bytes=500-999', 206, 'bytes 500-999/1000'],
    ['bytes=500-', 206, 'bytes 500-999/1000'],
    ['bytes=-500', 206, 'bytes 500-999/1000'],
    ['bytes=900-5000', 206, 'bytes 900-999/1000'],
    ['bytes=500-0', 416, 'bytes */1000'],
    ['bytes=1000-', 416, 'bytes */1000'],
  ])('answers the range %s with %i', async (range, status, contentRange) => {
    await pushBlob(server, 'alice/ranges', bytes);
    const answer = await asUser(server, 'get', blob('ranges')).set('Range', range);
    expect([answer.status, answer.headers['content-range']]).toEqual([status, contentRange]);
  });
});

describe('deleting a blob', () => {
  it('takes it out of the repository, unless a manifest uses it', async () => {
    const { layer } = await pushImage(server, 'alice/used', '1');
    const { body } = await asUser(server, 'delete', blob('used', layer.digest)).expect(405);
    expect(body.errors[0].code).toBe('UNSUPPORTED');
    await pushBlob(server, 'alice/used', bytes);
    await asUser(server, 'delete', blob('used')).expect(202);
    await asUser(server, 'delete', blob('used')).expect(404);
  });
});
