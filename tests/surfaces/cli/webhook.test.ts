import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
  await place.run('repo', 'create', 'library/app');
});
afterEach(() => place.close());

const webhook = (...args: string[]) => place.run('webhook', ...args);

async function listed(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await webhook(...args);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as unknown;
}

it('creates, lists and deletes webhooks; a generated secret is printed once', async () => {
  const made = await webhook('add', 'app', 'ci', 'https://ci.example.com/1', 'https://ci.example.com/2');
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/^Created the webhook ci of app with the secret [\w-]{32}\.\n$/);
  await expect(webhook('add', 'app', 'own', 'https://a.test/', '--secret', 'my-own-secret-of-mine')).resolves.toEqual(
    success('Created the webhook own of app.\n'),
  );
  const hooks = await listed('list', 'app', '--json');
  expect(hooks).toMatchObject([
    { name: 'ci', urls: ['https://ci.example.com/1', 'https://ci.example.com/2'], isActive: true },
    { name: 'own', urls: ['https://a.test/'] },
  ]);
  expect(JSON.stringify(hooks)).not.toContain('secret');
  await expect(webhook('delete', 'app', 'ci', '--yes')).resolves.toEqual(success('Deleted the webhook ci of app.\n'));
  await expect(webhook('list', 'app')).resolves.toEqual(
    success('WEBHOOK  STATE  CREATED BY  URLS\nown      on     -           https://a.test/\n'),
  );
  await expect(webhook('deliveries', 'app', 'own', '--json')).resolves.toEqual(success('[]\n'));
});

it.each([
  [['list', 'nothing'], 'No such repository: nothing'],
  [
    ['add', 'app', 'ci', 'ftp://a.test/'],
    'The URL of a webhook must start with http:// or https:// and have at most 2000 characters',
  ],
  [['delete', 'app', 'ci', '--yes'], 'app has no webhook ci'],
  [['deliveries', 'app', 'ci'], 'app has no webhook ci'],
  [['deliveries', 'app', 'ci', '--limit', '0'], 'The limit must be a number from 1'],
  [['redeliver', 'app', '7'], 'Delivery not found'],
  [['redeliver', 'app', 'x'], 'A delivery must be a number from 1'],
])('refuses %j', async (args, sentence) => {
  await expect(webhook(...args)).resolves.toEqual(failure(sentence));
});
