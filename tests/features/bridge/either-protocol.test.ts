import { gzipSync } from 'node:zlib';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { copyTag } from '../../../src/features/images/promotion';
import { collectGarbageNow } from '../../../src/features/maintenance/at-once';
import { moveRepository } from '../../../src/features/repositories/moving';
import { setImmutableTags } from '../../../src/features/repositories/immutable-tags';
import { getActivityTotals } from '../../../src/features/statistics/statistics';
import { listTagHistory, restoreTag } from '../../../src/features/tags/tag-history';
import { pushOverV1, pushOverV2, tarOf } from '../../helpers/crossing-images';
import { startPull } from '../../helpers/images';
import { letHoursPass, pushPlace, type PushPlace } from '../../helpers/owner-pushes';
import { makePrivate } from '../../helpers/registry-client';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { asUser } from '../../helpers/v2-client';

/* A tag is the same for what is done with it, whichever protocol it was pushed over (bridge 10 and 11). */

const MONTH = 31 * 24;

let server: TestServer;
let app: PushPlace;
beforeEach(async () => {
  server = await startTestServer();
  for (const name of ['alice', 'robert']) await addUser(server, name);
  app = await pushPlace(server, 'alice/app');
});
afterEach(() => server.close());

/** The v1 id and the digest of `latest`; a status where there is none. */
async function names(repository = 'alice/app', user: string | undefined = 'alice'): Promise<unknown[]> {
  const v1 = await asUser(server, 'get', `/v1/repositories/${repository}/tags/latest`, user);
  const v2 = await asUser(server, 'head', `/v2/${repository}/manifests/latest`, user);
  return [v1.status === 200 ? v1.body : v1.status, v2.status === 200 ? v2.headers['docker-content-digest'] : v2.status];
}

const PUSHES = {
  v1: (text: string) => pushOverV1(server, 'alice/app', [gzipSync(tarOf(text)), gzipSync(tarOf(`${text} more`))]),
  v2: (_text: string) => pushOverV2(server, 'alice/app'),
} as const;

describe.each(['v1', 'v2'] as const)('a tag that was pushed over %s', (protocol) => {
  const push = (text: string): Promise<unknown> => PUSHES[protocol](text);

  it('is set back to what it was, for both', async () => {
    await push('first');
    const first = await names();
    await push('second');
    const second = await names();
    expect(second).not.toEqual(first);
    const [moved] = await listTagHistory(server.ctx, app.repository, { limit: 1 });
    await restoreTag(server.ctx, app.repository, { eventId: moved!.id, side: 'before', engine: {} });
    expect(await names()).toEqual(first);
    await restoreTag(server.ctx, app.repository, { eventId: moved!.id, side: 'after', engine: {} });
    expect(await names()).toEqual(second);
  });

  it('has both names in a repository that it is copied to', async () => {
    await push('copied');
    const before = await names();
    const twin = await pushPlace(server, 'alice/twin');
    const from = { repository: app.repository, tag: 'latest' };
    await copyTag(server.ctx, from, { repository: twin.repository, tag: 'latest', engine: {} });
    expect(await names('alice/twin')).toEqual(before);
  });

  it('has both names under the new and the former name of its repository', async () => {
    await push('renamed');
    const before = await names();
    await moveRepository(server.ctx, app.repository, { namespace: 'alice', name: 'other' });
    expect([await names('alice/other'), await names('alice/app')]).toEqual([before, before]);
  });

  it('is hidden from other users by both when its repository is private', async () => {
    await push('private');
    expect(await names('alice/app', 'robert')).toEqual(await names());
    await makePrivate(server, 'alice/app', 'alice');
    expect(await names('alice/app', 'robert')).toEqual([404, 404]);
  });

  it('is immutable for both, and may be pushed again as it is', async () => {
    await push('fixed');
    const before = await names();
    await setImmutableTags(server.ctx, app.repository, ['latest']);
    await expect(PUSHES.v1('other')).rejects.toThrow('409');
    await expect(PUSHES.v2('other')).rejects.toThrow('403');
    const { text, headers } = await asUser(server, 'get', '/v2/alice/app/manifests/latest').expect(200);
    await asUser(server, 'put', '/v2/alice/app/manifests/latest')
      .set('Content-Type', String(headers['content-type']))
      .send(text)
      .expect(201);
    await asUser(server, 'put', '/v1/repositories/alice/app/tags/latest').send(JSON.stringify(before[0])).expect(200);
    expect(await names()).toEqual(before);
    expect(await listTagHistory(server.ctx, app.repository, { limit: 5 })).toHaveLength(1);
  });

  it('counts a pull and a push, whichever protocol is used', async () => {
    await push('counted');
    await startPull(server, 'alice/app');
    await asUser(server, 'get', '/v2/alice/app/manifests/latest').expect(200);
    await server.ctx.activity.flush();
    expect(await getActivityTotals(server.ctx, app.repository)).toEqual({ pulls: 2, pushes: 1 });
  });

  it('notifies webhooks once, with its tag and its image', async () => {
    await push('told');
    const [imageId, digest] = await names();
    const rows: { push: object }[] = await server.ctx.db('push_tellings').select('push');
    expect(rows.map((row) => row.push)).toEqual([
      expect.objectContaining({
        tag: 'latest',
        pusher: 'alice',
        imageIds: expect.arrayContaining([imageId]),
        ...(protocol === 'v2' ? { digest } : {}),
      }),
    ]);
  });

  it('is kept whole by gc, and freed with all that was derived for it', async () => {
    await push('kept');
    const before = await names();
    const gc = () => collectGarbageNow(server.ctx, OPERATOR_ACTOR, { olderThanMs: 0, dryRun: false });
    await letHoursPass(app, MONTH);
    await gc();
    expect(await names()).toEqual(before);
    await asUser(server, 'get', `/v1/images/${String(before[0])}/layer`).expect(200);
    await asUser(server, 'delete', '/v2/alice/app/manifests/latest').expect(202);
    await letHoursPass(app, MONTH);
    await gc();
    await gc();
    for (const table of ['repository_images', 'image_contents', 'manifests', 'image_manifests', 'blobs']) {
      expect([table, await server.ctx.db(table)]).toEqual([table, []]);
    }
  });
});
