import { assertDatabaseUrl, withPlainSslMode } from '../../../src/platform/db/database-url';

it.each([
  'postgres://drydock@/drydock?host=%2Frun%2Fpostgresql&port=5433',
  'postgresql://drydock:secret@db.example.com:5432/drydock?sslmode=verify-full',
  'postgres://drydock:p%23ss%2Fw%3Frd@db/drydock',
  'postgres://drydock:p@ss@db/drydock',
  'postgres://drydock:100%@db/drydock',
  'postgres://db/drydock?application_name=a@b',
])('DATABASE_URL may be %s', (url) => {
  expect(() => assertDatabaseUrl(url)).not.toThrow();
});

it.each([
  ['mysql://localhost/drydock', 'must start with postgres://'],
  ['postgres://drydock:pa#ss@db/drydock', 'the user or the password contains an unescaped #: write it as %23'],
  ['postgres://drydock:pa/ss@db/drydock', 'the user or the password contains an unescaped /: write it as %2F'],
  ['postgres://drydock:pa?ss@db/drydock', 'the user or the password contains an unescaped ?: write it as %3F'],
  ['postgres://drydock:per%cent@db/drydock', 'the user or the password contains an unescaped %: write it as %25'],
  ['postgres://drydock:hidden@db:99999/drydock', 'must be postgres://user:password@host:5432/database'],
  [
    'postgres://db/drydock?sslmode=on',
    'does not know sslmode=on: write one of disable, prefer, require, verify-ca, verify-full, no-verify',
  ],
])('DATABASE_URL may not be %s, and the error says what to write (R90)', (url, sentence) => {
  expect(() => assertDatabaseUrl(url)).toThrow(sentence);
});

it('the error for DATABASE_URL names a certificate that does not exist', () => {
  const url = 'postgres://drydock:hidden@db/drydock?sslmode=verify-full&sslrootcert=/nowhere/ca.pem';
  expect(() => assertDatabaseUrl(url)).toThrow(/^ENOENT: .*\/nowhere\/ca\.pem/);
});

it.each([
  ['postgres://db/drydock?sslmode=require', 'postgres://db/drydock?sslmode=verify-full'],
  ['postgres://db/drydock?a=b&sslmode=prefer&c=d', 'postgres://db/drydock?a=b&sslmode=verify-full&c=d'],
  ['postgres://db/drydock?sslmode=no-verify', 'postgres://db/drydock?sslmode=no-verify'],
  ['postgres://db/drydock?sslmode=disable', 'postgres://db/drydock?sslmode=disable'],
])('pg gets a mode name whose meaning it keeps for %s', (url, plain) => {
  expect(withPlainSslMode(url)).toBe(plain);
});
