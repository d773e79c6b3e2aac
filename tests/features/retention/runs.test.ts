import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { setImmutableTags } from '../../../src/features/repositories/immutable-tags';
import type { AdministeredRepository } from '../../../src/features/repositories/access';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { retentionJobs } from '../../../src/features/retention/jobs';
import { removeRetention, setRetention } from '../../../src/features/retention/policies';
import { carryOutNext } from '../../../src/features/retention/run';
import { NO_RULES, type RetentionRules } from '../../../src/features/retention/rules';
import { listRetentionRuns, startRetention, type RetentionRun } from '../../../src/features/retention/runs';
import { putTag } from '../../../src/features/tags/tags';
import { createImage, pushImages } from '../../helpers/images';
import { untilOneWaits } from '../../helpers/lock-waits';
import { ManifestPusher } from '../../helpers/manifests';
import { addManyTags } from '../../helpers/many-tags';
import { runDueJobs } from '../../helpers/run-jobs';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { setAgedTags, tagsOf } from '../../helpers/aged-tags';

const DAY = 24;
const AGED = { one: 4 * DAY, two: 3 * DAY, three: 2 * DAY };
const NEVER = new AbortController().signal;

let server: TestServer;
let app: AdministeredRepository;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.ctx.db('repositories').delete();
  await setAgedTags(server, 'alice/app', AGED);
  app = await administered('alice/app');
});

const administered = (fullName: string) => getAdministered(server.ctx, OPERATOR_ACTOR, readFullName(fullName));
const keep = (rules: Partial<RetentionRules>, repository = app) =>
  setRetention(server.ctx, repository, { ...NO_RULES, ...rules }, () => undefined);
const runJobs = () => runDueJobs(server.database, retentionJobs(server.ctx));
const runs = async (): Promise<RetentionRun[]> =>
  (await listRetentionRuns(server.ctx, app, { limit: 10, offset: 0 })).runs;

async function runByDay(): Promise<void> {
  const [daily] = retentionJobs(server.ctx);
  await daily!.run(NEVER);
  await runJobs();
}

const eventsOf = (action: string) =>
  server.ctx.db('audit_events').where({ action }).orderBy('id').select('actor_name', 'subject', 'details');

describe('a run', () => {
  it('deletes what no rule keeps, with the history, the audit log and its own record', async () => {
    const manifest = await (await ManifestPusher.to(server, readFullName('alice/app'))).image({}, { tag: 'modern' });
    await server.ctx.db.raw(`update tags set updated_at = now() - interval '9 days' where name = 'modern'`);
    await keep({ keepLast: 1 });
    const { id } = await startRetention(server.ctx, app);
    await expect(startRetention(server.ctx, app)).rejects.toThrow('A run is already in progress');
    await runJobs();
    expect(await tagsOf(server, 'alice/app')).toEqual(['three']);
    expect(await runs()).toMatchObject([{ id, state: 'finished', requestedBy: 'operator', deleted: 3, kept: 1 }]);
    const history = await server.ctx.db('tag_events').where({ actor_name: 'retention' }).orderBy('id');
    expect(history.map(({ tag, to_image_id: to }) => [tag, to])).toEqual(
      expect.arrayContaining([
        ['one', null],
        ['two', null],
        ['modern', null],
      ]),
    );
    expect(history.find(({ tag }) => tag === 'modern')).toMatchObject({ from_digest: manifest.digest });
    const deletions = await eventsOf('tag.deleted');
    expect(deletions).toContainEqual({
      actor_name: 'retention',
      subject: 'alice/app:modern',
      details: { from: manifest.digest },
    });
    expect(deletions).toHaveLength(3);
    expect(await eventsOf('retention.run')).toEqual([
      { actor_name: 'retention', subject: 'alice/app', details: { run: id, deleted: 3, kept: 1 } },
    ]);
  });

  it('keeps a tag that a push moves at the same time', async () => {
    await keep({ keepDays: 1 });
    const other = createImage();
    await pushImages(server, 'alice/app', [other], { tag: 'other' });
    await startRetention(server.ctx, app);
    let running: Promise<void> | undefined;
    await server.ctx.db.transaction(async (db) => {
      await putTag({ db }, app, { name: 'one', imageId: other.id, engine: {} });
      running = runJobs();
      await untilOneWaits(server.ctx.db);
    });
    await running;
    expect(await tagsOf(server, 'alice/app')).toEqual(['one', 'other']);
  });

  it('keeps a tag that becomes immutable before it, and follows the rules of its own time', async () => {
    await keep({ keepLast: 1 });
    await startRetention(server.ctx, app);
    await setImmutableTags(server.ctx, app, ['one']);
    await keep({ keepLast: 1, keepTags: ['none'] });
    await runJobs();
    expect(await tagsOf(server, 'alice/app')).toEqual(['one', 'three']);
  });

  it('deletes thousands of tags in batches, and one after a process died continues with its count', async () => {
    const { image_id: imageId } = await server.ctx.db('tags').first<{ image_id: string }>('image_id');
    await addManyTags(server.ctx.db, 'app', { count: 2500, nameSql: "'t' || n", imageId });
    await server.ctx.db.raw(`update tags set updated_at = now() - interval '9 days' where name like 't%'`);
    await keep({ keepTags: ['one'] });
    await startRetention(server.ctx, app);
    await server.ctx.db('retention_runs').update({ state: 'running', deleted: 10 });
    expect(await carryOutNext(server.ctx, NEVER)).toBe(false);
    await runJobs();
    expect(await tagsOf(server, 'alice/app')).toEqual(['one']);
    expect(await runs()).toMatchObject([{ state: 'finished', deleted: 2512, kept: 1 }]);
  });

  it('is carried out once, by whichever process takes it first', async () => {
    await keep({ keepLast: 1 });
    await startRetention(server.ctx, app);
    const taken = await Promise.all([carryOutNext(server.ctx, NEVER), carryOutNext(server.ctx, NEVER)]);
    expect([taken.filter(Boolean).length, await runs()]).toMatchObject([1, [{ deleted: 2 }]]);
  });

  it('is refused without a policy that says what stays, and ends with its repository', async () => {
    await expect(startRetention(server.ctx, app)).rejects.toThrow('No retention policy says which tags of alice/app');
    await keep({});
    await expect(startRetention(server.ctx, app)).rejects.toThrow('No retention policy');
    await keep({ keepLast: 1 });
    await startRetention(server.ctx, app);
    await server.ctx.db('repositories').update({ state: 'deleting', deleting_since: new Date() });
    await runJobs();
    expect(await server.ctx.db('retention_runs').pluck('state')).toEqual(['failed']);
    expect(await tagsOf(server, 'alice/app')).toHaveLength(3);
  });
});

describe('every day', () => {
  it('each repository with rules has a run; it is not an event if nothing was deleted', async () => {
    for (const name of ['alice/none', 'alice/empty']) await setAgedTags(server, name, AGED);
    await keep({}, await administered('alice/empty'));
    await keep({ keepLast: 5 });
    const before = await eventsOf('retention.run');
    await runByDay();
    await runByDay();
    expect(await runs()).toMatchObject([
      { state: 'finished', requestedBy: undefined, deleted: 0, kept: 3 },
      { state: 'finished', deleted: 0 },
    ]);
    expect(await server.ctx.db('retention_runs').pluck('repository_id')).toEqual(
      [String(app.id), String(app.id)].map(Number),
    );
    expect(await eventsOf('retention.run')).toEqual(before);
    await removeRetention(server.ctx, app);
    await runByDay();
    expect(await runs()).toHaveLength(2);
  });
});
