import { setAgedTags, tagsOf } from '../../helpers/aged-tags';
import { runInProcess } from '../../helpers/command-in-process';
import { failure, success } from '../../helpers/command-place';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await setAgedTags(server, 'alice/app', { one: 72, two: 48, three: 24 });
  await setAgedTags(server, 'alice/lib', { one: 72, two: 48 });
});
afterAll(() => server.close());

const retention = (...args: string[]) =>
  runInProcess(['retention', ...args], { DATABASE_URL: server.database.url, DRYDOCK_DATA_DIR: server.blobDir });

it('sets the policy of a namespace, and another one of a repository', async () => {
  const none = 'No retention policy applies to alice/app: all tags stay.\n';
  expect(await retention('show', 'alice/app')).toEqual(success(none));
  const changed = '(The policy of the namespace, changed by operator.)\n';
  const set = await retention('set', 'alice', '--namespace', '--keep-last', '1');
  expect(set).toEqual(success(`Keeps the last tag. ${changed}`));
  expect(await retention('show', 'alice/lib')).toEqual(success(`Keeps the last tag. ${changed}`));
  await retention('set', 'alice/app', '--keep-days', '2', '--keep', 'two', 'x*', '--only', 't*', 'o*');
  expect((await retention('show', 'alice/app')).stdout).toBe(
    'Keeps tags that were pushed in the last 2 days, and tags that match two x*. Deletes only tags that match t* o*. ' +
      '(The policy of the repository, changed by operator.)\n',
  );
  expect(await retention('set', 'alice/app', '--only', 't*')).toEqual(
    failure('These rules would keep none of the tags: enter how many tags, for how long, or which tags stay'),
  );
});

it('lists what a run would do, does it, and lists the run', async () => {
  const { stdout } = await retention('dry-run', 'alice/app');
  expect(stdout.split('\n').map((line) => line.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME'))).toEqual([
    'TAG    PUSHED (UTC)      A RUN WOULD',
    'one    TIME  delete it',
    'three  TIME  keep it: pushed in the last 2 days',
    'two    TIME  keep it: matches a pattern of tags that stay',
    '1 tag would be deleted, 2 would stay.',
    '',
  ]);
  expect((await retention('dry-run', 'alice', '--namespace')).stdout).toBe(
    'REPOSITORY  POLICY            WOULD DELETE  WOULD KEEP\n' +
      'alice/app   its own                      1           2\n' +
      'alice/lib   of the namespace             1           1\n',
  );
  expect(await retention('run', 'alice/app', '--yes')).toEqual(success('Deleted 1 tag of alice/app, kept 2.\n'));
  expect(await tagsOf(server, 'alice/app')).toEqual(['three', 'two']);
  const runs = JSON.parse((await retention('runs', 'alice/app', '--json')).stdout) as unknown;
  expect(runs).toMatchObject([{ state: 'finished', requestedBy: 'operator', deleted: 1, kept: 2 }]);
  expect((await retention('runs', 'alice/app')).stdout).toMatch(/^RUN .*\n *1 .* operator +finished +1 +2\n$/);
});

it('removes policies', async () => {
  expect(await retention('remove', 'alice/app')).toEqual(success('Removed the retention policy of alice/app.\n'));
  expect(await retention('remove', 'alice/app')).toEqual(failure('alice/app has no retention policy'));
  expect(await retention('remove', 'alice', '--namespace')).toEqual(
    success('Removed the retention policy of alice.\n'),
  );
  expect(await retention('run', 'alice/app', '--yes')).toEqual(
    failure('No retention policy says which tags of alice/app to keep'),
  );
});
