import { parseSince } from '../../../src/surfaces/cli/audit';
import { createImage, pushImages, startPush } from '../../helpers/images';
import { runInProcess } from '../../helpers/command-in-process';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';

interface Shown {
  readonly at: string;
  readonly actor: string | null;
  readonly address: string;
  readonly action: string;
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}

describe('drydock audit', () => {
  let place: CommandPlace;
  beforeAll(async () => {
    place = await createCommandPlace();
  });
  afterAll(() => place.close());

  const shown = async (...options: string[]): Promise<Shown[]> => {
    const { code, stdout, stderr } = await place.run('audit', '--json', ...options);
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as Shown[];
  };

  it('says so if there is nothing', async () => {
    expect(await place.run('audit')).toEqual(success('No events found.\n'));
    expect(await place.run('audit', '--json')).toEqual(success('[]\n'));
  });

  it("has the operator's actions on the command line, the newest first", async () => {
    const commands = [
      ['user', 'add', 'carol', '--password', 'secret99', '--admin'],
      ['user', 'add', 'robert', '--password', 'secret99'],
      ['user', 'passwd', 'carol', '--password', 'another9'],
      ['user', 'deactivate', 'robert'],
      ['user', 'activate', 'robert'],
      ['user', 'admin', 'robert'],
      ['user', 'admin', 'robert', '--revoke'],
      ['repo', 'create', 'robert/app'],
      ['repo', 'create', 'robert/web'],
      ['repo', 'private', 'robert/app'],
      ['repo', 'delete', 'robert/web', '--yes'],
      ['user', 'delete', 'robert', '--with-repositories', '--yes'],
      ['gc'],
      ['gc', '--dry-run'],
      ['scrub'],
    ];
    for (const command of commands) expect(await place.run(...command)).toMatchObject({ code: 0, stderr: '' });
    const events = await shown();
    expect(events.map(({ action, subject }) => `${action} ${subject}`).reverse()).toEqual([
      'user.created carol',
      'user.created robert',
      'user.password_changed carol',
      'user.deactivated robert',
      'user.activated robert',
      'user.admin_granted robert',
      'user.admin_revoked robert',
      'repository.created robert/app',
      'repository.created robert/web',
      'repository.visibility_changed robert/app',
      'repository.deleted robert/web',
      'repository.deleted robert/app',
      'user.deleted robert',
      'gc.run ',
      'scrub.run ',
    ]);
    expect(new Set(events.map(({ actor, address }) => `${actor} at ${address}`))).toEqual(
      new Set(['operator at command line']),
    );
    expect(events.find(({ action }) => action === 'repository.visibility_changed')?.details).toEqual({
      from: 'public',
      to: 'private',
    });
    expect(events.at(-1)?.details).toEqual({ isAdmin: true });
    expect(JSON.stringify(events)).not.toMatch(/secret99|another9/);
  });

  it('filters', async () => {
    expect((await shown('--action', 'user.admin')).map(({ action }) => action)).toEqual([
      'user.admin_revoked',
      'user.admin_granted',
    ]);
    expect((await shown('--subject', 'robert/app')).map(({ action }) => action)).toEqual([
      'repository.deleted',
      'repository.visibility_changed',
      'repository.created',
    ]);
    expect(await shown('--user', 'nobody')).toEqual([]);
    expect(await shown('--since', '2100-01-01')).toEqual([]);
    expect(await shown('--user', 'operator', '--since', '1h', '--limit', '2')).toHaveLength(2);
  });

  it('shows a table, in which a name that a client tried cannot control the terminal', async () => {
    await place.database.db('audit_events').insert({
      at: new Date('2014-06-09T12:30:59Z'),
      address: '192.0.2.1',
      action: 'login.failed',
      subject: '\u001b[2Jal\u202eice\n',
      details: JSON.stringify({ reason: 'inactive' }),
    });
    const { stdout } = await place.run('audit', '--action', 'login.failed');
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['TIME (UTC)', 'ACTOR', 'ADDRESS', 'ACTION', 'SUBJECT', 'DETAILS'],
      ['2014-06-09 12:30:59', '-', '192.0.2.1', 'login.failed', '\\u{1b}[2Jal\\u{202e}ice\\u{a}', 'reason=inactive'],
      [''],
    ]);
  });

  it.each([
    ['--since', 'yesterday', 'Expected a time such as 30m, 2h, 7d or 2014-06-09T12:30.'],
    ['--limit', '0', 'Expected a number from 1 to 1000000.'],
  ])('refuses %s %s', async (option, value, sentence) => {
    const { code, stdout, stderr } = await runInProcess(['audit', option, value], {});
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(sentence);
  });

  it('does not record a change that fails', async () => {
    const before = await shown();
    expect(await place.run('repo', 'delete', 'nobody/app', '--yes')).toEqual(failure('No such repository: nobody/app'));
    expect(await shown()).toEqual(before);
  });
});

describe('gc', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await addUser(server, 'alice');
  });
  afterAll(() => server.close());

  it('records what it freed, in which repository, and nothing in a dry run', async () => {
    await pushImages(server, 'alice/app', [createImage()]);
    const loose = createImage({ layer: Buffer.alloc(1000, 1) });
    await pushImages(server, 'alice/app', [loose], { tag: 'loose' });
    await server.ctx.db('tags').where({ name: 'loose' }).delete();
    await startPush(server, 'alice/idle', []);
    const environment = { DATABASE_URL: server.database.url, DRYDOCK_DATA_DIR: server.blobDir };
    const run = (...args: string[]) => runInProcess(args, environment);
    expect(await run('gc', '--older-than', '0', '--dry-run')).toMatchObject({ code: 0 });
    expect(await run('gc', '--older-than', '0')).toMatchObject({ code: 0 });
    const { stdout } = await run('audit', '--action', 'gc', '--json');
    const events = (JSON.parse(stdout) as Shown[]).map(({ action, subject, details }) => [action, subject, details]);
    expect(events).toEqual([
      ['gc.run', '', { repositories: 1, olderThanHours: 0 }],
      ['gc.freed', 'alice/app', { images: 1, manifests: 0, layers: 1, bytes: 1000 }],
    ]);
  });
});

describe('a point in time', () => {
  const NOW = Date.parse('2014-06-09T12:00:00Z');
  beforeEach(() => jest.useFakeTimers({ now: NOW }));
  afterEach(() => jest.useRealTimers());

  it.each([
    ['30m', '2014-06-09T11:30:00.000Z'],
    ['2h', '2014-06-09T10:00:00.000Z'],
    ['7d', '2014-06-02T12:00:00.000Z'],
    ['2014-06-01', '2014-06-01T00:00:00.000Z'],
    ['2014-06-01T08:30', '2014-06-01T08:30:00.000Z'],
    ['2014-06-01T08:30:15Z', '2014-06-01T08:30:15.000Z'],
    ['2014-06-01T08:30+02:00', '2014-06-01T06:30:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(parseSince(text).toISOString()).toBe(expected);
  });

  it.each(['', 'now', '7', '-2h', '2 h', '2w', '999999999d', '2014-13-01', '2014-06-09 12:30', '1.5h'])(
    'refuses %j',
    (text) => {
      expect(() => parseSince(text)).toThrow('Expected a time');
    },
  );
});
