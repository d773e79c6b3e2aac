import { createCommandPlace, failure, success, type CommandPlace } from '../../helpers/command-place';

let place: CommandPlace;
beforeEach(async () => {
  place = await createCommandPlace();
  await place.run('migrate');
  await place.database.db.raw(`insert into pushed_namespaces (name, since) values ('sarah', '2014-06-09T12:30:59Z')`);
});
afterEach(() => place.close());

const retired = (...args: string[]) => place.run('retired-name', ...args);

it('retired names are listed, and released after a confirmation', async () => {
  await expect(retired('list')).resolves.toEqual(
    success('NAME   SINCE (UTC)       NOW CALLED\nsarah  2014-06-09 12:30  -\n'),
  );
  const { stdout } = await retired('list', '--json');
  expect(JSON.parse(stdout)).toEqual([{ name: 'sarah', since: '2014-06-09T12:30:59.000Z' }]);
  const add = ['user', 'add', 'sarah', '--password', 'stranger'];
  const sentence =
    'The name sarah belonged to a deleted account, and hosts may still pull by it. ' +
    'Choose another name, or ask an administrator to release this one';
  await expect(place.run(...add)).resolves.toEqual(failure(sentence));
  await expect(retired('free', 'sarah')).resolves.toEqual(failure('This cannot be undone: confirm it with --yes'));
  const released = [
    'Released sarah.',
    'If it was the former name of an account, logins by it end within five minutes.',
    'Former names in it that lead to repositories stay taken: `drydock repo aliases` and `alias-delete` list and release them.',
    '',
  ];
  await expect(retired('free', 'sarah', '--yes')).resolves.toEqual(success(released.join('\n')));
  await expect(retired('free', 'sarah', '--yes')).resolves.toEqual(failure('sarah is not a retired name'));
  await expect(place.run(...add)).resolves.toMatchObject({ code: 0 });
});
