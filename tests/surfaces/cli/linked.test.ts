import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createRepository } from '../../../src/features/repositories/creation';
import { readFullName } from '../../../src/features/repositories/names';
import { runInProcess } from '../../helpers/command-in-process';
import { success } from '../../helpers/command-place';
import { linkAlice, startLinkedPlace, type LinkedPlace } from '../../helpers/linked-place';

let place: LinkedPlace;
beforeAll(async () => (place = await startLinkedPlace()));
afterAll(() => place.close());

const settingOf = (kind: string): string => place.providers.settings.find((one) => one.kind === kind)?.baseUrl ?? '';

const linked = (...args: string[]) =>
  runInProcess(['linked', ...args], {
    DATABASE_URL: place.server.database.url,
    DRYDOCK_DATA_DIR: place.server.blobDir,
    DRYDOCK_GITHUB_CLIENT_ID: place.providers.of.github.client.id,
    DRYDOCK_GITHUB_CLIENT_SECRET: place.providers.of.github.client.secret,
    DRYDOCK_GITHUB_URL: settingOf('github'),
  });

it('lists the linked accounts of a user, and unlinks one', async () => {
  const id = await linkAlice(place, 'github');
  expect((await linked('list', 'alice')).stdout).toMatch(
    new RegExp(`^ID +PROVIDER .*\n${id} +${settingOf('github')} +alice-there +full +.* -\n$`),
  );
  expect(JSON.parse((await linked('list', 'alice', '--json')).stdout)).toMatchObject([{ id, login: 'alice-there' }]);
  expect(await linked('unlink', 'alice', String(id), '--yes')).toEqual(success('The account was unlinked.\n'));
  expect(JSON.parse((await linked('list', 'alice', '--json')).stdout)).toEqual([]);
});

it('lists the repositories of a linked account, and makes a repository that is built from one', async () => {
  place.providers.of.github.addRepository('alice-there/shop', { isPrivate: true });
  const id = String(await linkAlice(place, 'github'));
  expect((await linked('repositories', 'alice', id, '--search', 'SHOP')).stdout).toMatch(
    /^REPOSITORY .*\nalice-there\/shop +yes +main\n$/,
  );
  await createRepository(place.server.ctx, OPERATOR_ACTOR, readFullName('alice/app'), 'public');
  expect(await linked('build', 'alice/app', 'alice', id, 'alice-there/shop')).toEqual(
    success('A running server adds the hook to alice-there/shop.\n'),
  );
  const limited = String(await linkAlice(place, 'github', 'limited'));
  place.providers.of.github.addRepository('alice-there/open');
  await createRepository(place.server.ctx, OPERATOR_ACTOR, readFullName('alice/open'), 'public');
  const byHand = await linked('build', 'alice/open', 'alice', limited, 'alice-there/open');
  expect(byHand.stdout).toMatch(/^Hook URL: {4}\S+\/hooks\/builds\/\S+\nHook secret: \S+\n$/);
});
