import type { Context } from '../../../src/context';
import { rotateTokenKey } from '../../../src/features/accounts/key-rotation';
import { listEvents } from '../../../src/features/audit/audit';
import { BUILD_RESEALS } from '../../../src/features/builds/credentials';
import { readEvent } from '../../../src/features/builds/hooks/events';
import { claimBuild } from '../../../src/features/builds/running';
import { changeSource } from '../../../src/features/builds/source-changes';
import { getSource } from '../../../src/features/builds/sources';
import { setBuildPolicy } from '../../../src/features/builds/namespace-policy';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { createRepository } from '../../../src/features/repositories/creation';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { queueOf, startBuildPlace } from '../../helpers/builds';
import { addPerson } from '../../helpers/people';

const APP = { namespace: 'alice', name: 'app' };

let ctx: Context;
let close: () => Promise<void>;
let alice: Actor;
let buildId: number;
beforeAll(async () => {
  ({ ctx, close } = await startBuildPlace());
  alice = await addPerson(ctx, 'alice');
  await createRepository(ctx, alice, APP, 'public');
  buildId = (await queueOf(ctx, await repository())).id;
});
afterAll(() => close());

const repository = () => getAdministered(ctx, alice, APP);
const change = async (changes: Parameters<typeof changeSource>[2]) => changeSource(ctx, await repository(), changes);

it('are given to builds, also after the key was rotated, and secrets are shown by their names alone', async () => {
  await change({ buildArguments: { VERSION: '1' }, secrets: { npm: 'npm-token-1', pip: 'pip-token-1' } });
  await change({ buildArguments: { COLOUR: 'blue' }, secrets: { npm: 'npm-token-2', pip: null } });
  const source = await getSource(ctx, await repository());
  expect(source).toMatchObject({ buildArguments: { COLOUR: 'blue' }, secretNames: ['npm'] });
  expect(JSON.stringify(source)).not.toContain('npm-token');
  await rotateTokenKey(ctx, BUILD_RESEALS);
  const policy = {
    namespace: 'alice',
    allowsNetwork: true,
    buildArguments: { COLOUR: 'red', MIRROR: 'http://mirror' },
  };
  await setBuildPolicy(ctx, OPERATOR_ACTOR, policy);
  const claimed = await claimBuild(ctx, { buildId, builder: 'host:1' });
  expect(claimed).toMatchObject({ allowsNetwork: true, secrets: { npm: 'npm-token-2' } });
  expect(claimed?.buildArguments).toEqual({ COLOUR: 'blue', MIRROR: 'http://mirror' });
  const events = JSON.stringify(await listEvents(ctx, { action: 'build.', limit: 10 }));
  expect(events).toContain('buildArguments secrets');
  expect(events).not.toMatch(/npm-token|blue/);
});

it.each([
  ['an argument that no ARG can have', { buildArguments: { '1a': 'x' } }, 'build_arguments'],
  ['an argument of several lines', { buildArguments: { A: 'a\nb' } }, 'build_arguments'],
  ['an argument that is too long', { buildArguments: { A: 'a'.repeat(4097) } }, 'build_arguments'],
  [
    'too many arguments',
    { buildArguments: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`A${at}`, ''])) },
    'build_arguments',
  ],
  ['a secret that could not be hidden', { secrets: { npm: 'short' } }, 'secrets'],
  ['a name of a secret that is a path', { secrets: { '../npm': 'a good secret' } }, 'secrets'],
  ['a name of a secret with a space', { secrets: { 'a b': 'a good secret' } }, 'secrets'],
])('refuse %s', async (_, changes, field) => {
  await expect(change(changes)).rejects.toMatchObject({ code: 'invalid', fields: [{ field }] });
});

it.each([
  ['github', 'pull_request', { action: 'opened', pull_request: { head: { ref: 'evil' } } }],
  ['gitea', 'pull_request', { action: 'opened' }],
  ['bitbucket', 'pullrequest:created', { pullrequest: { source: { branch: { name: 'evil' } } } }],
  ['bitbucket-server', 'pr:opened', { pullRequest: {} }],
  ['gitlab', 'Merge Request Hook', { object_attributes: { source_branch: 'evil' } }],
] as const)('are not for pull requests of forks: %s (R354)', (shape, event, body) => {
  expect(readEvent({ shape, event, delivery: undefined }, body)).toEqual({ kind: 'ignored' });
  const refs = { ref: 'refs/pull/1/head', after: 'a'.repeat(40) };
  if (shape === 'github')
    expect(readEvent({ shape, event: 'push', delivery: undefined }, refs)).toEqual({ kind: 'push', refs: [] });
});
