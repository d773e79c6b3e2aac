import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from '../../../src/context';
import { OPERATOR_ACTOR, type Actor } from '../../../src/features/access/actor';
import { ensureTokenKey } from '../../../src/features/accounts/token-key';
import { rotateTokenKey } from '../../../src/features/accounts/key-rotation';
import { listEvents } from '../../../src/features/audit/audit';
import { getBuild } from '../../../src/features/builds/builds';
import { BUILD_RESEALS, unsealCredential, unsealHookSecret } from '../../../src/features/builds/credentials';
import { listRules, setRules } from '../../../src/features/builds/rules';
import { claimBuild, heartbeat } from '../../../src/features/builds/running';
import { changeSource, removeSource, renewHook } from '../../../src/features/builds/source-changes';
import {
  createAutomatedRepository,
  getShownSource,
  getSource,
  type WantedSource,
} from '../../../src/features/builds/sources';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { getRepositoryDetails } from '../../../src/features/repositories/repository-details';
import { createKeyPair } from '../../../src/platform/openssh-key';
import { queueOf, startBuildPlace } from '../../helpers/builds';
import { describeInstalled, isOnPath } from '../../helpers/installed';
import { addPerson } from '../../helpers/people';

const APP = readFullName('alice/app');
const SSH: WantedSource = { provider: 'gitea', cloneUrl: 'git@git.test:alice/app.git' };
const HTTPS: WantedSource = { provider: 'git', cloneUrl: 'https://git.test/app.git' };

let place: Awaited<ReturnType<typeof startBuildPlace>>;
let ctx: Context;
let alice: Actor;

beforeEach(async () => {
  place = await startBuildPlace();
  ({ ctx } = place);
  alice = await addPerson(ctx, 'alice');
});
afterEach(() => place.close());

const repository = (actor: Actor = alice) => getAdministered(ctx, actor, APP);
const create = (source: WantedSource = HTTPS) => createAutomatedRepository(ctx, alice, APP, { source });

async function sealed() {
  const row = await ctx
    .db<{ id: number; sealed_credential: Buffer; sealed_hook_secret: Buffer }>('build_sources')
    .first();
  if (row === undefined) throw new Error('there is no source');
  const key = await ensureTokenKey(ctx);
  return {
    credential: () => unsealCredential(key, row.id, row.sealed_credential),
    hookSecret: () => unsealHookSecret(key, row.id, row.sealed_hook_secret),
  };
}

it('makes a new repository automated, with a deploy key, and shows the secret of its hooks once', async () => {
  const { hookSecret, ...source } = await create(SSH);
  expect(source).toMatchObject({
    cloneUrl: 'ssh://git@git.test/alice/app.git',
    credential: 'deploy_key',
    publicKey: expect.stringMatching(/^ssh-ed25519 \S+ drydock:alice\/app$/) as string,
    hookUrl: expect.stringMatching(/^http:\/\/hub\.test\/hooks\/builds\/[\w-]{43}\/$/) as string,
    createdBy: 'alice',
  });
  await expect(getSource(ctx, await repository())).resolves.toEqual(source);
  expect((await sealed()).hookSecret()).toBe(hookSecret);
  expect((await getRepositoryDetails(ctx, await repository())).isAutomated).toBe(true);
  await expect(listRules(ctx, await repository())).resolves.toMatchObject([
    { refType: 'branch', refPattern: 'master', dockerfilePath: 'Dockerfile', contextPath: '/', tag: 'latest' },
  ]);
  const events = await listEvents(ctx, { action: 'build.', limit: 10 });
  expect(events.map(({ action, details }) => [action, details])).toEqual([
    ['build.rules_changed', { rules: 1 }],
    ['build.source_set', { provider: 'gitea', url: 'ssh://git@git.test/alice/app.git' }],
  ]);
});

it('has the rights of an owner when the operator sets it up', async () => {
  await createAutomatedRepository(ctx, OPERATOR_ACTOR, APP, { source: HTTPS });
  expect((await getSource(ctx, await repository())).createdBy).toBe('alice');
});

it('keeps a token for https, and seals all secrets again when the key is rotated', async () => {
  const { hookSecret } = await create({ ...HTTPS, credential: { kind: 'token', token: 'glpat-1234' } });
  const credential = { kind: 'token', username: 'git', token: 'glpat-1234' };
  expect((await sealed()).credential()).toEqual(credential);
  const before = await sealed();
  await expect(rotateTokenKey(ctx, BUILD_RESEALS)).resolves.toMatchObject({ buildSources: 1 });
  const after = await sealed();
  expect([after.credential(), after.hookSecret()]).toEqual([credential, hookSecret]);
  expect(before.hookSecret()).toBe(hookSecret);
  const { id } = await queueOf(ctx, await repository());
  expect((await claimBuild(ctx, { buildId: id, builder: 'host:1' }))?.credential).toEqual(credential);
});

it('a token is not sent to another host than the one that it was given for', async () => {
  await create({ ...HTTPS, credential: { kind: 'token', token: 'glpat-1234' } });
  const { host } = new URL(HTTPS.cloneUrl);
  await changeSource(ctx, await repository(), { cloneUrl: `https://${host}/another.git` });
  const elsewhere = { cloneUrl: 'https://git.example.net/app.git' };
  await expect(changeSource(ctx, await repository(), elsewhere)).rejects.toMatchObject({
    code: 'invalid',
    message: 'The token is for another host: give one for the new URL, or none',
  });
  await changeSource(ctx, await repository(), { ...elsewhere, credential: { kind: 'token', token: 'other' } });
  expect((await sealed()).credential()).toMatchObject({ token: 'other' });
});

it.each<[string, WantedSource, string]>([
  ['a token for ssh', { ...SSH, credential: { kind: 'token', token: 'x' } }, 'credential'],
  ['a deploy key for https', { ...HTTPS, credential: { kind: 'deploy_key' } }, 'credential'],
  ['a token with a line break', { ...HTTPS, credential: { kind: 'token', token: 'a\nb' } }, 'token'],
  ['a secret in the URL', { ...HTTPS, cloneUrl: 'https://a:b@git.test/app' }, 'clone_url'],
])('refuses %s, and creates no repository', async (_, source, field) => {
  await expect(create(source)).rejects.toMatchObject({ code: 'invalid', fields: [{ field }] });
  await expect(repository()).rejects.toMatchObject({ code: 'not_found' });
});

it('is changed by administrators, and gets a new key, secret and account', async () => {
  const first = await create(SSH);
  const changed = await changeSource(ctx, await repository(), {
    credential: { kind: 'deploy_key' },
    syncsDescription: true,
  });
  expect(changed.publicKey).not.toBe(first.publicKey);
  expect(changed.syncsDescription).toBe(true);
  await expect(changeSource(ctx, await repository(), { cloneUrl: HTTPS.cloneUrl })).rejects.toMatchObject({
    code: 'invalid',
  });
  await expect(changeSource(ctx, await repository(), { allowsNetwork: true })).rejects.toMatchObject({
    code: 'forbidden',
  });
  const admin = await addPerson(ctx, 'root', { isAdmin: true });
  await expect(changeSource(ctx, await repository(admin), { allowsNetwork: true })).resolves.toMatchObject({
    allowsNetwork: true,
    createdBy: 'root',
  });
  const renewed = await renewHook(ctx, await repository());
  expect(renewed.hookUrl).not.toBe(first.hookUrl);
  expect((await sealed()).hookSecret()).toBe(renewed.hookSecret);
});

it('makes the repository an ordinary one when it is removed, and ends its builds', async () => {
  await create();
  const running = await queueOf(ctx, await repository());
  await claimBuild(ctx, { buildId: running.id, builder: 'host:1' });
  const waiting = await queueOf(ctx, await repository());
  await removeSource(ctx, await repository());
  await expect(getBuild(ctx, await repository(), waiting.id)).resolves.toMatchObject({ state: 'cancelled' });
  await expect(heartbeat(ctx, { buildId: running.id, builder: 'host:1' })).resolves.toBe('cancel');
  expect((await getRepositoryDetails(ctx, await repository())).isAutomated).toBe(false);
  await expect(getShownSource(ctx, await repository())).resolves.toBeUndefined();
  await expect(removeSource(ctx, await repository())).rejects.toMatchObject({ code: 'not_found' });
});

it('keeps rules with their ids, cancels what waits for a removed one, and refuses bad ones', async () => {
  await create();
  const [master] = await listRules(ctx, await repository());
  if (master === undefined) throw new Error('there is no rule');
  const waiting = await queueOf(ctx, await repository());
  const tags = { refType: 'tag', refPattern: '/v.*/', dockerfilePath: 'web/', tag: '{ref}' } as const;
  const rules = await setRules(ctx, await repository(), [tags, { ...master, contextPath: '/web' }]);
  expect(rules).toMatchObject([
    { ...tags, dockerfilePath: 'web/Dockerfile', contextPath: 'web' },
    { id: master.id, contextPath: 'web' },
  ]);
  await expect(getBuild(ctx, await repository(), waiting.id)).resolves.toMatchObject({ state: 'queued' });
  await setRules(ctx, await repository(), []);
  await expect(getBuild(ctx, await repository(), waiting.id)).resolves.toMatchObject({ state: 'cancelled' });
  for (const [field, wrong] of Object.entries({
    ref_pattern: { refPattern: '/(/' },
    dockerfile_path: { dockerfilePath: '../Dockerfile' },
    context_path: { contextPath: 'a/../../b' },
    tag: { tag: 'a b' },
  }))
    await expect(setRules(ctx, await repository(), [{ ...tags, ...wrong }])).rejects.toMatchObject({
      fields: [{ field }],
    });
  await expect(setRules(ctx, await repository(), [{ ...tags, id: 1_000_000 }])).rejects.toMatchObject({
    code: 'not_found',
  });
});

describeInstalled(isOnPath('ssh-keygen', 'apt-get install openssh-client'), 'a deploy key', () => {
  it('is read by OpenSSH, whatever its padding', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'drydock-key-'));
    try {
      for (let length = 1; length <= 8; length += 1) {
        const { publicKey, privateKey } = createKeyPair('c'.repeat(length));
        const file = path.join(folder, `key${length}`);
        writeFileSync(file, privateKey, { mode: 0o600 });
        expect(execFileSync('ssh-keygen', ['-y', '-f', file]).toString().trim()).toBe(publicKey);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
