import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { appendLog } from '../../../src/features/builds/build-log';
import { claimBuild } from '../../../src/features/builds/running';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createRepository } from '../../../src/features/repositories/creation';
import { readFullName } from '../../../src/features/repositories/names';
import { runInProcess } from '../../helpers/command-in-process';
import { success } from '../../helpers/command-place';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await createRepository(server.ctx, OPERATOR_ACTOR, readFullName('alice/app'), 'public');
});
afterAll(() => server.close());

const build = (...args: string[]) =>
  runInProcess(['build', ...args], { DATABASE_URL: server.database.url, DRYDOCK_DATA_DIR: server.blobDir });

it('adds a source and rules, starts, lists, prints and cancels a build, and removes the source', async () => {
  const added = await build('source', 'add', 'alice/app', 'git@git.test:alice/app.git');
  expect(added.stdout).toMatch(
    /^Hook URL: {4}\S+\/hooks\/builds\/\S+\nHook secret: \S+\nDeploy key: {2}ssh-ed25519 \S+ \S+\n$/,
  );
  expect((await build('source', 'show', 'alice/app')).stdout).toContain(
    '"cloneUrl": "ssh://git@git.test/alice/app.git"',
  );
  const file = path.join(tmpdir(), 'secret');
  writeFileSync(file, 'npm-token-1\n');
  const inputs = (...args: string[]) => build('source', 'inputs', 'alice/app', ...args);
  expect(await inputs('--arg', 'A=1=2', '--arg', 'B=x', '--secret-file', `npm=${file}`)).toEqual(
    success('Arguments: A=1=2 B=x\nSecrets:   npm\n'),
  );
  expect(await inputs('--remove-arg', 'A', '--remove-secret', 'npm')).toEqual(
    success('Arguments: B=x\nSecrets:   none\n'),
  );
  expect(await build('policy', 'set', 'alice', '--network', '--arg', 'MIRROR=http://mirror')).toEqual(
    success('Builds of alice have a network.\n'),
  );
  expect((await build('policy', 'show', 'alice')).stdout).toContain('"allowsNetwork": true');
  expect(await build('policy', 'remove', 'alice')).toEqual(success('Removed the build policy of alice.\n'));
  const rules = await build('rule', 'add', 'alice/app', '{ref}', '--tag', 'v*');
  expect(rules.stdout).toMatch(/\n +\d+ +tag +v\* +Dockerfile +\/ +\{ref\}\n$/);
  const [, last = ''] = /\n +(\d+) [^\n]*\n$/.exec(rules.stdout) ?? [];
  expect((await build('rule', 'remove', 'alice/app', last)).stdout).not.toContain('v*');
  const started = await build('start', 'alice/app', '--branch', 'master', '--no-cache');
  const [, id = ''] = /^Build (\d+) of master to latest waits for a builder\.\n$/.exec(started.stdout) ?? [];
  expect((await build('list', 'alice/app')).stdout).toMatch(
    new RegExp(`^BUILD .*\n *${id} +queued +manual +master +latest `),
  );
  const holder = { buildId: Number(id), builder: 'host:1' };
  await claimBuild(server.ctx, holder);
  await appendLog(server.ctx, holder, 'Step 1\n');
  expect(await build('log', 'alice/app', id)).toEqual(success('Step 1\n'));
  expect(await build('cancel', 'alice/app', id)).toEqual(success(`The builder was asked to stop build ${id}.\n`));
  expect(await build('source', 'remove', 'alice/app')).toEqual(
    success('alice/app is no longer built from a source.\n'),
  );
});
