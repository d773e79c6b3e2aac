import type { Context } from '../../../src/context';
import { verifyCredentials } from '../../../src/features/accounts/credentials';
import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';
import { startCommand } from '../../helpers/run-command';
import { createTestContext } from '../../helpers/test-context';
import { addUser, passwordOf } from '../../helpers/test-server';

const WRONG = 'Wrong username format (it has to match "^[a-z0-9_]+(?:-[a-z0-9_]+)*$" and have 2 to 255 characters)';

let place: CommandPlace;
let ctx: Context;

beforeEach(async () => {
  place = await createCommandPlace();
  ctx = createTestContext(place.database.db);
});
afterEach(() => place.close());

/** Runs the built command in its own process, with this text on its standard input. */
const runWithInput = (input: string, ...args: string[]) => startCommand(args, place.environment, input).ended;

const PASSWORD = passwordOf('alice');
const usernames = () => place.database.db('users').orderBy('username').pluck<string[]>('username');
const add = (...args: string[]) => place.run('user', 'add', ...args);
const logIn = (username: string, password: string) => verifyCredentials(ctx, username, password, '::1');
const isPassword = async (username: string, password: string) => (await logIn(username, password)) !== undefined;

async function listed(): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await place.run('user', 'list', '--json');
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Record<string, unknown>[];
}

describe('user add', () => {
  it('creates an account that can log in', async () => {
    await expect(add('alice', '--email', 'alice@example.com', '--password', 'secret1')).resolves.toEqual(
      success('Created alice.\n'),
    );
    await expect(isPassword('alice', 'secret1')).resolves.toBe(true);
    await expect(isPassword('alice', 'secret2')).resolves.toBe(false);
    await expect(listed()).resolves.toEqual([
      {
        id: expect.any(Number),
        username: 'alice',
        email: 'alice@example.com',
        isActive: true,
        isAdmin: false,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    ]);
  });

  it.each([
    ['secret one\n', 'secret one'],
    ['secret two\r\n', 'secret two'],
    ['secret three', 'secret three'],
    [' secret four \n', ' secret four '],
  ])('reads from its input %j the password %j', async (input, password) => {
    await expect(runWithInput(input, 'user', 'add', 'alice', '--password-stdin')).resolves.toEqual(
      success('Created alice.\n'),
    );
    await expect(isPassword('alice', password)).resolves.toBe(true);
  });

  it('generates a password and prints it', async () => {
    const { code, stdout } = await add('alice', '--generate');
    const password = /^Created alice with the password (\S{16})\.\n$/.exec(stdout)?.[1] ?? '';
    expect([code, password]).toEqual([0, expect.stringMatching(/^[\w-]{16}$/)]);
    await expect(isPassword('alice', password)).resolves.toBe(true);
  });

  it('does not wait for a password without a person', async () => {
    await expect(add('alice')).resolves.toEqual(
      failure('No password was given: use --password-stdin, --generate or --password, or run this in a terminal'),
    );
    await expect(usernames()).resolves.toEqual([]);
  });

  it('creates administrators, and accounts that cannot log in yet', async () => {
    await add('alice', '--password', 'secret1', '--admin');
    await add('bobby', '--password', 'secret1', '--inactive');
    await expect(listed()).resolves.toMatchObject([
      { username: 'alice', isAdmin: true, isActive: true },
      { username: 'bobby', isAdmin: false, isActive: false, email: null },
    ]);
    await expect(isPassword('bobby', 'secret1')).rejects.toMatchObject({ code: 'inactive' });
  });

  it.each([
    [['b', '--password', 'secret1'], WRONG],
    [['Bobby', '--password', 'secret1'], WRONG],
    [['bobby', '--password', '1234'], 'Wrong password format (it has to be at least 5 characters)'],
    [['bobby', '--password', 'secret1', '--email', 'bobby'], 'Wrong email format'],
    [['alice', '--password', 'secret1'], 'Username or email already exists'],
    [['library', '--password', 'secret1'], 'Username or email already exists'],
    [['bobby', '--password', 'secret1', '--email', 'Alice@Example.com'], 'email is already associated with an account'],
  ])('refuses %j', async (args, sentence) => {
    await addUser({ ctx }, 'alice');
    await expect(add(...args)).resolves.toEqual(failure(sentence));
    await expect(usernames()).resolves.toEqual(['alice']);
  });

  it('accepts only one line', async () => {
    await expect(runWithInput('secret1\nsecret1\n', 'user', 'add', 'alice', '--password-stdin')).resolves.toEqual(
      failure('Wrong password format (it must not have control characters)'),
    );
    await expect(usernames()).resolves.toEqual([]);
  });
});

describe('user list', () => {
  it('is a table for people', async () => {
    await addUser({ ctx }, 'alice', { isAdmin: true });
    await addUser({ ctx }, 'bobby', { isActive: false });
    await place.database.db('emails').where({ email: 'bobby@example.com' }).delete();
    await place.database.db('users').update({ created_at: '2014-06-09T12:30:59Z' });
    await expect(place.run('user', 'list')).resolves.toEqual(
      success(
        'USERNAME  EMAIL              ACTIVE  ADMIN  CREATED (UTC)\n' +
          'alice     alice@example.com  yes     yes    2014-06-09 12:30\n' +
          'bobby     -                  no      no     2014-06-09 12:30\n',
      ),
    );
  });
});

describe('user passwd', () => {
  beforeEach(() => addUser({ ctx }, 'alice'));

  it('changes the password and ends the access of the old one', async () => {
    const before = await logIn('alice', PASSWORD);
    await expect(runWithInput('secret2\n', 'user', 'passwd', 'alice', '--password-stdin')).resolves.toEqual(
      success('Changed the password of alice.\n'),
    );
    await expect(isPassword('alice', PASSWORD)).resolves.toBe(false);
    const after = await logIn('alice', 'secret2');
    expect(after?.credentialsEpoch).toBeGreaterThan(before?.credentialsEpoch ?? Infinity);
  });

  it('generates one', async () => {
    const { stdout } = await place.run('user', 'passwd', 'alice', '--generate');
    const password = /^Changed the password of alice to (\S{16})\.\n$/.exec(stdout)?.[1] ?? '';
    await expect(isPassword('alice', password)).resolves.toBe(true);
  });

  it.each([
    [['nobody', '--password', 'secret2'], 'No such user: nobody'],
    [['alice', '--password', '1234'], 'Wrong password format (it has to be at least 5 characters)'],
  ])('refuses %j', async (args, sentence) => {
    await expect(place.run('user', 'passwd', ...args)).resolves.toEqual(failure(sentence));
    await expect(isPassword('alice', PASSWORD)).resolves.toBe(true);
  });
});

describe('user activate, deactivate and admin', () => {
  beforeEach(() => addUser({ ctx }, 'alice'));

  it('allow and forbid an account to log in', async () => {
    await expect(place.run('user', 'deactivate', 'alice')).resolves.toEqual(success('alice is now inactive.\n'));
    await expect(isPassword('alice', PASSWORD)).rejects.toMatchObject({ code: 'inactive' });
    await expect(place.run('user', 'activate', 'alice')).resolves.toEqual(success('alice is now active.\n'));
    await expect(isPassword('alice', PASSWORD)).resolves.toBe(true);
  });

  it('appoint an administrator, and make them an ordinary user again', async () => {
    await addUser({ ctx }, 'bobby', { isAdmin: true });
    await expect(place.run('user', 'admin', 'alice')).resolves.toEqual(success('alice is now an administrator.\n'));
    await expect(listed()).resolves.toMatchObject([{ isAdmin: true }, { isAdmin: true }]);
    await expect(place.run('user', 'admin', 'alice', '--revoke')).resolves.toEqual(
      success('alice is no longer an administrator.\n'),
    );
    await expect(listed()).resolves.toMatchObject([{ isAdmin: false }, { isAdmin: true }]);
  });

  it('keep the only administrator', async () => {
    await addUser({ ctx }, 'bobby', { isAdmin: true });
    const refused = failure('bobby is the only active administrator: make another account an administrator first');
    await expect(place.run('user', 'admin', 'bobby', '--revoke')).resolves.toEqual(refused);
    await expect(place.run('user', 'delete', 'bobby', '--yes')).resolves.toEqual(refused);
    await expect(listed()).resolves.toMatchObject([{ isAdmin: false }, { isAdmin: true }]);
  });

  it.each([['activate'], ['deactivate'], ['admin'], ['admin', '--revoke'], ['delete', '--yes']])(
    'refuse an unknown user: %s %s',
    async (command, ...flags) => {
      await expect(place.run('user', command, 'nobody', ...flags)).resolves.toEqual(failure('No such user: nobody'));
    },
  );
});

describe('user delete', () => {
  beforeEach(() => addUser({ ctx }, 'alice'));

  it('deletes the account and its namespace, so that the name is free', async () => {
    await expect(place.run('user', 'delete', 'alice', '--yes')).resolves.toEqual(success('Deleted alice.\n'));
    await expect(usernames()).resolves.toEqual([]);
    const again = await add('alice', '--email', 'alice@example.com', '--password', 'secret2');
    expect(again).toEqual(success('Created alice.\n'));
  });

  it('changes nothing while there are repositories, unless the command deletes them too', async () => {
    await place.run('repo', 'create', 'alice/one');
    await place.run('repo', 'create', 'alice/two');
    await place.run('repo', 'create', 'kept');
    await expect(place.run('user', 'delete', 'alice', '--yes')).resolves.toEqual(
      failure('alice still has repositories: delete them first'),
    );
    await expect(isPassword('alice', PASSWORD)).resolves.toBe(true);
    await expect(place.run('user', 'delete', 'alice', '--with-repositories', '--yes')).resolves.toEqual(
      success('Deleted alice and 2 repositories.\n'),
    );
    await expect(usernames()).resolves.toEqual([]);
    await expect(place.database.db('repositories').pluck('name')).resolves.toEqual(['kept']);
  });
});

it('user sign-ins and user unlink show and remove the users of a provider that are linked', async () => {
  await add('alice', '--password', 'secret1');
  const { id: userId } = await place.database.db('users').where({ username: 'alice' }).first<{ id: number }>('id');
  const linked = { user_id: userId, issuer: 'https://login.example.com', subject: 'sub-1' };
  await place.database.db('openid_identities').insert(linked);
  const shown = await place.run('user', 'sign-ins', 'alice');
  expect(shown.stdout).toMatch(/^ID +PROVIDER +USER .*\n1 +https:\/\/login\.example\.com +sub-1 +- /);
  await place.database.db('users').update({ password_hash: '*' });
  await expect(place.run('user', 'unlink', 'alice', '1', '--yes')).resolves.toEqual(
    failure('alice has no password, and could no longer sign in: set a password first'),
  );
  await place.run('user', 'passwd', 'alice', '--password', 'secret2');
  await expect(place.run('user', 'unlink', 'alice', '1', '--yes')).resolves.toEqual(
    success('alice can no longer sign in with it.\n'),
  );
  const { stdout } = await place.run('user', 'sign-ins', 'alice', '--json');
  expect(JSON.parse(stdout)).toEqual([]);
});

it('user rename and org rename give new names, and are undone by renaming back', async () => {
  await addUser({ ctx }, 'alice');
  await place.run('org', 'add', 'acme', '--owner', 'alice');
  await expect(place.run('user', 'rename', 'alice', 'alicia')).resolves.toEqual(success('Renamed alice to alicia.\n'));
  await expect(isPassword('alice', PASSWORD)).resolves.toBe(true);
  await expect(place.run('org', 'rename', 'acme', 'alicia')).resolves.toEqual(
    failure('The name alicia is already taken'),
  );
  await expect(place.run('org', 'rename', 'acme', 'alice')).resolves.toEqual(
    failure('alice is the former name of alicia: choose another name'),
  );
  await expect(place.run('org', 'rename', 'acme', 'apex')).resolves.toEqual(success('Renamed acme to apex.\n'));
  await expect(place.run('user', 'rename', 'alicia', 'alice')).resolves.toEqual(success('Renamed alicia to alice.\n'));
});
