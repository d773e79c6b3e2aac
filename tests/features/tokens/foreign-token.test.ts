import { readForeignToken } from '../../../src/features/tokens/foreign-token';

const SIGNATURE = '7c438fd6'.repeat(5);
const TOKEN = { signature: SIGNATURE, repository: { namespace: 'alice', name: 'app' }, access: 'write' };

it.each([
  ['the Hub’s', `Token signature=${SIGNATURE},repository="alice/app",access=write`],
  ['spaces behind the commas', `Token signature=${SIGNATURE}, repository="alice/app", access=write`],
  ['a doubled prefix', `Token Token signature=${SIGNATURE},repository="alice/app",access=write`],
  ['a prefix in small letters', `token signature=${SIGNATURE},repository="alice/app",access=write`],
  ['another order, without quotes', `Token access=write,repository=alice/app,signature=${SIGNATURE}`],
  ['quotes everywhere', `Token signature="${SIGNATURE}",repository="alice/app",access="write"`],
])('reads %s', (_, text) => {
  expect(readForeignToken(text)).toEqual(TOKEN);
});

it('accepts a signature of any form, and an image of the library by its full name', () => {
  const text = 'Token signature=sig+v2/A_Z.0==,repository="library/foo",access=read';
  expect(readForeignToken(text)).toEqual({
    signature: 'sig+v2/A_Z.0==',
    repository: { namespace: 'library', name: 'foo' },
    access: 'read',
  });
});

const GOOD = `signature=${SIGNATURE},repository="alice/app",access=read`;

it.each([
  ['nothing', ''],
  ['an empty token', 'Token '],
  ['Basic', 'Basic YTpi'],
  ['no prefix', GOOD],
  ['no signature', 'Token repository="alice/app",access=read'],
  ['no repository', `Token signature=${SIGNATURE},access=read`],
  ['no access', `Token signature=${SIGNATURE},repository="alice/app"`],
  ['an unknown access', `Token signature=${SIGNATURE},repository="alice/app",access=admin`],
  ['a short name', `Token signature=${SIGNATURE},repository="app",access=read`],
  ['a nested name', `Token signature=${SIGNATURE},repository="alice/app/more",access=read`],
  ['a path upwards', `Token signature=${SIGNATURE},repository="alice/..",access=read`],
  ['a second access', `Token ${GOOD},access=write`],
  ['a second repository', `Token ${GOOD},repository="robert/app"`],
  ['a second token', `Token ${GOOD},signature=00,repository="robert/app",access=write`],
  ['a field that we do not know', `Token ${GOOD},scope=all`],
  ['a field within a value', `Token signature=${SIGNATURE},repository="alice/app",access=read"access=write"`],
  ['one quote', `Token signature=${SIGNATURE},repository="alice/app,access=read`],
  ['a comma at the end', `Token ${GOOD},`],
  ['bytes beyond ASCII', `Token signature=é,repository="alice/app",access=read`],
])('does not read %s', (_, text) => {
  expect(readForeignToken(text)).toBeUndefined();
});
