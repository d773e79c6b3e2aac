import type { NewBuild } from '../../../src/features/builds/builds.store';
import { claimBuild, finishBuild, noteCommit, type BuildEnd } from '../../../src/features/builds/running';
import { changeSource } from '../../../src/features/builds/source-changes';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { createImage, pushImages } from '../../helpers/images';
import { queueOf } from '../../helpers/builds';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';
import { updateWebhook } from '../../helpers/by-name';
import { actor, addHook, APP, startHookServer, type HookServer } from '../webhooks/hook-server';

/* Who gets a notice of the end of a build, by mail and by webhooks. */

const HASH = 'c0ffee'.padEnd(40, '0');
const FAILED: BuildEnd = { state: 'error', error: 'RUN exited with 1' };
const BUILT: BuildEnd = { state: 'success', digest: `sha256:${'a'.repeat(64)}` };

let server: HookServer;
let smtp: TestSmtpServer;
let there: Receiver;
beforeEach(async () => {
  [smtp, there] = await Promise.all([startSmtpServer(), startReceiver()]);
  server = await startHookServer(['127.0.0.1'], undefined, smtp.settings);
  await pushImages(server, 'alice/app', [createImage()]);
  await server.runJobs();
  smtp.mails.length = 0;
});
afterEach(() => Promise.all([server.close(), smtp.close(), there.close()]));

const repository = async () => getAdministered(server.ctx, await actor(server, 'alice'), APP);

/** A build, from its cause to its end. */
async function build(ending: BuildEnd, options: Partial<NewBuild> = {}): Promise<number> {
  const { id } = await queueOf(server.ctx, await repository(), { isRequired: true, ...options });
  const held = { buildId: id, builder: 'host:1' };
  expect(await claimBuild(server.ctx, held)).toMatchObject({ id });
  await noteCommit(server.ctx, held, { hash: HASH, message: 'Break it\n\nOr not', author: 'Alice' });
  expect(await finishBuild(server.ctx, held, ending)).toBe(true);
  await server.runJobs();
  return id;
}

/** The new mails, and what the receiver got since the last call. */
function told(): { mails: (string | undefined)[]; events: unknown[] } {
  const mails = smtp.mails.splice(0).map(({ recipients, parsed }) => `${recipients.join()}: ${parsed.subject}`);
  const events = there.received.splice(0).map(({ headers }) => headers['x-drydock-event']);
  return { mails, events };
}

const setUp = async () => {
  const hook = await addHook(server, `${there.url}/in`);
  await updateWebhook(server.ctx, await actor(server, 'alice'), APP, hook.id, { tellsBuilds: true });
};

it('mails tell of the first failure and of the success after it, webhooks of each failure, too', async () => {
  await setUp();
  await build(BUILT);
  expect(told()).toEqual({ mails: [], events: [] });
  await build(FAILED);
  expect(told()).toEqual({ mails: ['alice@example.com: A build of alice/app failed'], events: ['build_failed'] });
  await build(FAILED);
  expect(told()).toEqual({ mails: [], events: ['build_failed'] });
  await build(BUILT);
  const mails = ['alice@example.com: Builds of alice/app succeed again'];
  expect(told()).toEqual({ mails, events: ['build_recovered'] });
  await build(BUILT);
  expect(told()).toEqual({ mails: [], events: [] });
});

it('the mail says what failed and leads to the log; the payload has no push_data', async () => {
  await setUp();
  const id = await build(FAILED);
  const text = smtp.mails[0]?.parsed.text ?? '';
  expect(text).toContain(`Build ${id} of the branch master of alice/app failed: RUN exited with 1`);
  expect(text).toContain('It was the commit c0ffee000000: Break it');
  expect(text).toContain(`${server.url}/r/alice/app/builds/${id}/`);
  const payload = JSON.parse(there.received[0]?.body ?? '') as object;
  expect(payload).toMatchObject({
    build: {
      id,
      state: 'error',
      ref_name: 'master',
      commit: { hash: HASH, author: 'Alice' },
      error: 'RUN exited with 1',
      url: `${server.url}/r/alice/app/builds/${id}/`,
    },
    repository: { repo_name: 'alice/app', is_trusted: true },
  });
  expect(payload).not.toHaveProperty('push_data');
});

it('refs have histories of their own, and a cancelled build is part of none', async () => {
  await build(FAILED);
  await build({ state: 'cancelled' });
  await build(FAILED, { refName: 'other' });
  expect(told().mails).toHaveLength(2);
  await build(BUILT);
  expect(told().mails).toEqual(['alice@example.com: Builds of alice/app succeed again']);
});

it('webhooks of pushes are not called, and mails can be turned off', async () => {
  await addHook(server, `${there.url}/in`);
  await build(BUILT);
  await changeSource(server.ctx, await repository(), { mailsFailures: false });
  await build(FAILED);
  await build(BUILT);
  expect(told()).toEqual({ mails: [], events: [] });
});

it('who may not administer the repository any longer gets no mail of its commits: its owner does', async () => {
  await queueOf(server.ctx, await repository());
  await server.ctx.db('builds').delete();
  const bobby = server.ctx.db('users').select('id').where({ username: 'bobby' });
  await server.ctx.db('build_sources').update({ created_by: bobby });
  await build(FAILED);
  expect(told().mails).toEqual(['alice@example.com: A build of alice/app failed']);
});
