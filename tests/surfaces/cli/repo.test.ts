import { startChildServer, type ChildServer } from '../../helpers/child-server';
import { createChain, pushImages } from '../../helpers/images';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';
import request from 'supertest';

const CHARACTERS = 'a name has lower-case letters, digits, ".", "_" and "-", and begins with a letter or a digit';

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
  await place.run('user', 'add', 'alice', '--password', 'alicepw');
});
afterEach(() => place.close());

const repo = (...args: string[]) => place.run('repo', ...args);

async function listed(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await repo('list', ...args, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

describe('repo create', () => {
  it('creates empty repositories, in the library if no namespace is given', async () => {
    await expect(repo('create', 'alice/app')).resolves.toEqual(success('Created alice/app.\n'));
    await expect(repo('create', 'library/tools')).resolves.toEqual(success('Created tools.\n'));
    await expect(repo('create', 'hidden', '--private')).resolves.toEqual(success('Created hidden.\n'));
    const fresh = {
      state: 'initialized',
      tagCount: 0,
      imageCount: 0,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    };
    await expect(listed()).resolves.toEqual([
      { namespace: 'alice', name: 'app', visibility: 'public', ...fresh },
      { namespace: 'library', name: 'hidden', visibility: 'private', ...fresh },
      { namespace: 'library', name: 'tools', visibility: 'public', ...fresh },
    ]);
  });

  it.each([
    ['alice/app', 'alice/app already exists'],
    ['nobody/app', 'No such namespace: nobody'],
    ['alice/App', `No repository can have the name alice/App: ${CHARACTERS}`],
    ['a/b/c', 'No repository can have the name a/b/c: it has more than one "/"'],
    ['alice/images', 'No repository can have the name alice/images: "images" is reserved'],
    ['alice/', 'No repository can have the name alice/: a name has 1 to 255 characters'],
    [
      'My/app',
      'No repository can have the name My/app: "My" cannot be a namespace, it has 2 to 255 lowercase letters, digits and ' +
        '"_", with single "-" between them',
    ],
  ])('refuses %s', async (name, sentence) => {
    await repo('create', 'alice/app');
    await expect(repo('create', name)).resolves.toEqual(failure(sentence));
    await expect(listed()).resolves.toHaveLength(1);
  });
});

describe('repo list', () => {
  it('lists one namespace, or nothing', async () => {
    await repo('create', 'alice/app');
    await repo('create', 'tools');
    await expect(listed('alice')).resolves.toMatchObject([{ namespace: 'alice', name: 'app' }]);
    await expect(listed('library')).resolves.toMatchObject([{ namespace: 'library', name: 'tools' }]);
    await expect(repo('list', 'nobody')).resolves.toEqual(
      success('REPOSITORY  ACCESS  STATE  TAGS  IMAGES  UPDATED (UTC)\n'),
    );
  });
});

describe('repo private and public', () => {
  it('change who may pull', async () => {
    await repo('create', 'alice/app');
    await expect(repo('private', 'alice/app')).resolves.toEqual(success('alice/app is now private.\n'));
    await expect(listed()).resolves.toMatchObject([{ visibility: 'private' }]);
    await expect(repo('public', 'alice/app')).resolves.toEqual(success('alice/app is now public.\n'));
    await expect(listed()).resolves.toMatchObject([{ visibility: 'public' }]);
  });

  it.each(['private', 'public'])('%s refuses an unknown repository', async (command) => {
    await expect(repo(command, 'alice/app')).resolves.toEqual(failure('No such repository: alice/app'));
    await expect(repo(command, '.x')).resolves.toEqual(failure(`No repository can have the name .x: ${CHARACTERS}`));
  });
});

describe('repo delete', () => {
  it('is not done by accident', async () => {
    await repo('create', 'alice/app');
    await expect(repo('delete', 'alice/app')).resolves.toEqual(failure('This cannot be undone: confirm it with --yes'));
    await expect(listed()).resolves.toHaveLength(1);
    await expect(repo('delete', 'alice/app', '--yes')).resolves.toEqual(success('Deleted alice/app.\n'));
    await expect(listed()).resolves.toEqual([]);
    await expect(repo('delete', 'alice/app', '--yes')).resolves.toEqual(failure('No such repository: alice/app'));
  });
});

describe('repo move, aliases and alias-delete', () => {
  const aliases = async (name: string): Promise<unknown> => JSON.parse((await repo('aliases', name, '--json')).stdout);

  it('rename and transfer, keep the former names, and release them', async () => {
    await repo('create', 'alice/app');
    await expect(repo('move', 'alice/app', 'alice/web')).resolves.toEqual(success('alice/app is now alice/web.\n'));
    await expect(repo('move', 'alice/web', 'web')).resolves.toEqual(success('alice/web is now web.\n'));
    await expect(listed()).resolves.toMatchObject([{ namespace: 'library', name: 'web' }]);
    await expect(repo('aliases', 'web')).resolves.toEqual(success('alice/app\nalice/web\n'));
    await expect(repo('alias-delete', 'web', 'alice/app', '--yes')).resolves.toEqual(
      success('alice/app is no longer a name of web.\n'),
    );
    await expect(aliases('web')).resolves.toEqual([{ namespace: 'alice', name: 'web' }]);
  });

  it('refuse impossible changes', async () => {
    await repo('create', 'alice/app');
    await repo('create', 'alice/taken');
    for (const [to, sentence] of [
      ['alice/taken', 'The name alice/taken is already taken'],
      ['nobody/app', 'No such namespace: nobody'],
      ['alice/App', `No repository can have the name alice/App: ${CHARACTERS}`],
    ] as const) {
      await expect(repo('move', 'alice/app', to)).resolves.toEqual(failure(sentence));
    }
    await expect(repo('move', 'alice/none', 'alice/x1')).resolves.toEqual(failure('No such repository: alice/none'));
    await expect(repo('alias-delete', 'alice/app', 'alice/old', '--yes')).resolves.toEqual(
      failure('alice/old is not a former name of alice/app'),
    );
  });
});

describe('next to a running server', () => {
  let server: ChildServer;
  beforeEach(async () => {
    server = await startChildServer(place.environment);
  });
  afterEach(() => server.end('SIGTERM'));

  const tags = () =>
    request(server.url)
      .get('/v1/repositories/alice/app/tags')
      .then(({ status }) => status);

  it('shows pushed repositories, and its changes apply to the next request', async () => {
    await pushImages(server, 'alice/app', createChain(3));
    await place.database.db('repositories').update({ updated_at: '2014-06-09T12:30:59Z' });
    await expect(repo('list')).resolves.toEqual(
      success(
        'REPOSITORY  ACCESS  STATE   TAGS  IMAGES  UPDATED (UTC)\n' +
          'alice/app   public  active     1       3  2014-06-09 12:30\n',
      ),
    );
    await expect(tags()).resolves.toBe(200);
    await repo('private', 'alice/app');
    await expect(tags()).resolves.toBe(401);
    await repo('public', 'alice/app');
    await expect(tags()).resolves.toBe(200);
    await repo('delete', 'alice/app', '--yes');
    await expect(tags()).resolves.toBe(404);
  });
});
