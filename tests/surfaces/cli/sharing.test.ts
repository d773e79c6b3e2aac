import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
beforeAll(async () => {
  place = await createCommandPlace();
  for (const name of ['alice', 'robert']) await place.run('user', 'add', name, '--password', `${name}pw`);
});
afterAll(() => place.close());

const run = (line: string) => place.run(...line.split(' '));

async function json(line: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(`${line} --json`);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as unknown;
}

it('drydock org', async () => {
  expect(await run('org add acme --owner alice')).toEqual(success('Created acme, owned by alice.\n'));
  expect(await run('org add acme --owner alice')).toEqual(failure('The name acme is already taken'));
  expect(await json('org list')).toMatchObject([{ name: 'acme', plan: 'free', teamCount: 1, memberCount: 1 }]);
  expect((await run('org list')).stdout).toMatch(
    /^ORGANIZATION +PLAN +TEAMS +MEMBERS +CREATED \(UTC\)\nacme +free +1 +1 /,
  );
  expect(await run('org robot-add acme ci')).toEqual(success('Created acme+ci.\n'));
  expect(await run('org robot-add acme spare')).toEqual(success('Created acme+spare.\n'));
  expect(await run('org robot-delete acme spare --yes')).toEqual(success('Deleted acme+spare.\n'));
  expect(await run('org convert robert --owner alice --yes')).toEqual(
    success('robert is now an organization, owned by alice.\n'),
  );
  expect(await run('org delete robert --yes')).toEqual(success('Deleted robert.\n'));
  expect(await run('org delete alice --yes')).toEqual(failure('No such organization: alice'));
  expect(await run('user delete alice --yes')).toEqual(
    failure('alice is the only active owner of acme. Give it another owner first'),
  );
});

it('drydock team', async () => {
  expect(await run('team add acme developers --description who-build')).toEqual(success('Created acme/developers.\n'));
  expect(await run('team add acme developers')).toEqual(success('Changed acme/developers.\n'));
  expect(await run('team join acme developers acme+ci')).toEqual(success('acme+ci is now in acme/developers.\n'));
  expect(await json('team list acme')).toMatchObject([
    { name: 'owners', memberCount: 1 },
    { name: 'developers', memberCount: 1, description: '' },
  ]);
  expect(await run('team add-group acme developers /dev')).toEqual(
    success('Members of /dev join acme/developers when they sign in.\n'),
  );
  expect(await json('team groups acme developers')).toMatchObject([{ name: '/dev' }]);
  expect((await run('team groups acme developers')).stdout).toMatch(/^GROUP +SINCE \(UTC\)\n\/dev +\d/);
  expect(await run('team remove-group acme developers /dev')).toEqual(
    success('acme/developers no longer has the group /dev.\n'),
  );
  expect(await run('team remove-group acme developers /dev')).toEqual(
    failure('acme/developers does not have the group /dev'),
  );
  expect(await run('team leave acme developers acme+ci')).toEqual(
    success('acme+ci is no longer in acme/developers.\n'),
  );
  expect(await run('team leave acme owners alice')).toEqual(
    failure('The last owner cannot leave: add another active owner first'),
  );
  expect(await run('team delete acme developers --yes')).toEqual(success('Deleted acme/developers.\n'));
  expect(await run('team delete acme developers --yes')).toEqual(failure('No such team: acme/developers'));
});

it.each([
  'org robot-add acm ci', 'org robot-delete acm ci --yes', 'org delete acm --yes',
  'team add acm developers', 'team list acm', 'team delete acm developers --yes', 'team join acm developers alice',
  'team leave acm developers alice', 'token add acm+ci --name ci',
])('drydock %s says that there is no such organization', async (line) => {
  const { code, stderr } = await run(line);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: No such (organization: acm|user: acm\+ci)\n$/)]);
}); // prettier-ignore

it('drydock plan', async () => {
  expect((await run('plan list')).stdout).toBe(
    [
      'PLAN       PRIVATE REPOSITORIES  LAYERS',
      'free       1                     10 GiB',
      'micro      5                     unlimited',
      'small      10                    unlimited',
      'medium     20                    unlimited',
      'large      50                    unlimited',
      'xlarge     100                   unlimited',
      'unlimited  unlimited             unlimited',
      '',
    ].join('\n'),
  );
  expect(await run('plan assign acme micro')).toEqual(
    success('acme now has the plan micro: 0 of 5 private repositories used.\n'),
  );
  expect(await run('plan assign acme none')).toEqual(failure('No such plan: none'));
  expect(await run('plan set tiny 0 --position 0 --layers 500m')).toEqual(
    success('The plan tiny allows 0 private repositories and 500 MiB of layers.\n'),
  );
  expect(await run('plan set tiny 0 --position 0')).toEqual(
    success('The plan tiny allows 0 private repositories and 500 MiB of layers.\n'),
  );
  expect(await json('plan list')).toMatchObject([
    { name: 'tiny', privateRepositories: 0 },
    { name: 'free' },
    {},
    {},
    {},
    {},
    {},
    {},
  ]);
  expect(await run('plan delete tiny --yes')).toEqual(success('Deleted the plan tiny.\n'));
  expect((await run('plan set tiny many')).code).not.toBe(0);
});

it('drydock token', async () => {
  const made = await run('token add acme+ci --name builds --access write --repository acme/app base --days 30');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  const secret = /^Created the token builds of acme\+ci\. It is shown only once: (ddt_[A-Za-z0-9]{40})\n$/.exec(
    made.stdout,
  );
  expect(secret).not.toBeNull();
  const listed = (await json('token list acme+ci')) as { id: number }[];
  expect(listed).toMatchObject([{ name: 'builds', access: 'write', repositories: ['acme/app', 'library/base'] }]);
  expect((await run('token list acme+ci')).stdout).toContain('acme/app library/base');
  const id = listed[0]?.id ?? 0;
  expect(await run(`token revoke acme+ci ${id} --yes`)).toEqual(success(`Revoked the token ${id} of acme+ci.\n`));
  expect(await run(`token revoke acme+ci ${id} --yes`)).toEqual(failure('No such access token'));
  expect((await run('token add alice --name x --access all')).code).not.toBe(0);
});
