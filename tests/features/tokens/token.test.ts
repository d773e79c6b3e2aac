import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import type { Identity, RepositoryName, TokenAccess } from '../../../src/features/access/actor';
import { issueToken, readToken, tokenActor, type TokenClaims } from '../../../src/features/tokens/token';
import { ensureTokenKey } from '../../../src/features/accounts/token-key';
import { createTestDatabase } from '../../helpers/test-database';

const KEY = randomBytes(32);
const NOW = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

const letters = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const anyRepository: fc.Arbitrary<RepositoryName> = fc.record({
  namespace: fc.oneof(fc.constant('library'), letters(`${ALPHABET}_`, 4, 30)),
  name: fc
    .tuple(letters(ALPHABET, 1, 1), letters(`${ALPHABET}._-`, 1, 40))
    .map(([first, rest]) => `${first}${rest}`)
    .filter((name) => !['images', 'tags', 'auth', 'json', 'properties', 'layer'].includes(name)),
});
const anyIdentity: fc.Arbitrary<Identity | undefined> = fc.option(
  fc.record({
    userId: fc.integer({ min: 1, max: 2 ** 50 }),
    credentialsEpoch: fc.integer({ min: 0, max: 2 ** 31 }),
    accessTokenId: fc.option(fc.integer({ min: 1, max: 2 ** 50 }), { nil: undefined }),
  }),
  { nil: undefined },
);
const anyClaims = fc.record({
  identity: anyIdentity,
  repository: anyRepository,
  access: fc.constantFrom<TokenAccess>('read', 'write', 'delete'),
});

const isValid = (text: string, now = NOW): boolean => readToken(KEY, text, now).kind === 'valid';

/** The positions of the three values in a token. */
function valueIndexes(text: string): number[] {
  const inside = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);
  const quote = text.indexOf('"');
  const end = text.indexOf('"', quote + 1);
  const access = text.lastIndexOf('=') + 1;
  return [...inside('signature='.length, text.indexOf(',')), ...inside(quote + 1, end), ...inside(access, text.length)];
}

describe('issueToken', () => {
  it('has the form that engines send back (E4)', () => {
    const { text, nonce } = issueToken(KEY, {
      identity: { userId: 1, credentialsEpoch: 0 },
      repository: { namespace: 'library', name: 'foo' },
      access: 'write',
    });
    expect(text).toMatch(/^signature=[0-9a-f]+,repository="library\/foo",access=write$/);
    expect(nonce).toMatch(/^[0-9a-f]{16}$/);
  });

  it('never issues the same token twice', () => {
    const claims = { identity: undefined, repository: { namespace: 'alice', name: 'app' }, access: 'read' as const };
    expect(issueToken(KEY, claims, NOW).text).not.toBe(issueToken(KEY, claims, NOW).text);
  });
});

describe('readToken', () => {
  it('reads what was issued', () => {
    fc.assert(
      fc.property(anyClaims, (claims) => {
        const { text, nonce } = issueToken(KEY, claims, NOW);
        expect(readToken(KEY, ` ${text}`, NOW)).toEqual({ kind: 'valid', claims: { ...claims, nonce } });
      }),
    );
  });

  it('reads it in every lenient form (E4)', () => {
    const forms: ((parts: string[]) => string)[] = [
      (parts) => `Token ${parts.join(',')}`,
      (parts) => ` token  Token ${parts.join(', ')}`,
      (parts) => parts.join(' ,\t'),
      (parts) => [...parts].reverse().join(','),
      (parts) => parts.join(',').replaceAll('"', ''),
      (parts) => parts.join(',').replaceAll('=', ':'),
      (parts) => `${parts.join(',')},${parts.join(',')}`,
      (parts) => `${parts.join(', ')}, Token ${parts.join(', ')}`,
    ];
    fc.assert(
      fc.property(anyClaims, fc.constantFrom(...forms), (claims, form) => {
        expect(isValid(form(issueToken(KEY, claims, NOW).text.split(',')))).toBe(true);
      }),
    );
  });

  it('refuses every token in which one character of a value was changed (R4)', () => {
    const anyCharacter = fc.oneof(
      fc.constantFrom(...Array.from('0123456789abcdefABCDEF"/,= zZ')),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(anyClaims, fc.nat(), anyCharacter, (claims, position, character) => {
        const { text } = issueToken(KEY, claims, NOW);
        const indexes = valueIndexes(text);
        const index = indexes[position % indexes.length]!;
        fc.pre(text[index] !== character);
        expect(isValid(`${text.slice(0, index)}${character}${text.slice(index + 1)}`)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every token whose signature is longer or shorter', () => {
    fc.assert(
      fc.property(
        anyClaims,
        fc.constantFrom('0', '00', 'zz', 'g', '='),
        fc.integer({ min: 1, max: 4 }),
        (claims, more, less) => {
          const { text } = issueToken(KEY, claims, NOW);
          expect(isValid(text.replace(',repository', `${more},repository`))).toBe(false);
          expect(isValid(text.replace(new RegExp(`.{${less}},repository`), ',repository'))).toBe(false);
        },
      ),
    );
  });

  it('refuses a token of another installation', () => {
    fc.assert(
      fc.property(anyClaims, fc.uint8Array({ minLength: 32, maxLength: 32 }), (claims, key) => {
        expect(isValid(issueToken(Buffer.from(key), claims, NOW).text)).toBe(false);
      }),
    );
  });

  it('cannot be tricked into taking one repository or access for another (R4)', () => {
    fc.assert(
      fc.property(anyClaims, anyClaims, (claims, other) => {
        const [signature = ''] = issueToken(KEY, claims, NOW).text.split(',');
        const [, repository, access] = issueToken(KEY, other, NOW).text.split(',');
        const same =
          other.access === claims.access &&
          other.repository.name === claims.repository.name &&
          other.repository.namespace === claims.repository.namespace;
        expect(isValid([signature, repository, access].join(','))).toBe(same);
      }),
    );
  });

  it.each<[TokenAccess, number]>([
    ['read', 12 * 60],
    ['write', 72 * 60],
    ['delete', 15],
  ])('a token to %s lasts %d minutes', (access, minutes) => {
    const claims = { identity: undefined, repository: { namespace: 'alice', name: 'app' }, access };
    const { text } = issueToken(KEY, claims, NOW);
    expect(isValid(text, NOW + minutes * MINUTE_MS - 1)).toBe(true);
    expect(isValid(text, NOW + minutes * MINUTE_MS)).toBe(false);
  });

  it.each(['', ' ', 'Token', ' Token ', 'token token'])('%j is empty', (text) => {
    expect(readToken(KEY, text)).toEqual({ kind: 'empty' });
  });

  it('reports anything else as invalid, and never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (noise) => {
        const text = `signature=${noise}`;
        expect(readToken(KEY, text)).toEqual({ kind: 'invalid' });
        expect(['empty', 'invalid']).toContain(readToken(KEY, noise).kind);
      }),
    );
  });

  it('uses the first good token of several', () => {
    const make = (name: string, issuedAt: number): string =>
      issueToken(KEY, { identity: undefined, repository: { namespace: 'alice', name }, access: 'read' }, issuedAt).text;
    const over = make('over', NOW - 13 * 60 * MINUTE_MS);
    const reading = readToken(KEY, `${over}, ${make('first', NOW)}, ${make('second', NOW)}`, NOW);
    expect(reading).toMatchObject({ kind: 'valid', claims: { repository: { name: 'first' } } });
  });

  it('is not slowed down by long invalid text', () => {
    const started = process.hrtime.bigint();
    for (const text of ['token '.repeat(2000), `${'token '.repeat(2000)}x`, 'a'.repeat(16_000), 'a="'.repeat(5000)]) {
      expect(readToken(KEY, text).kind).not.toBe('valid');
    }
    expect(Number(process.hrtime.bigint() - started) / 1e6).toBeLessThan(1000);
  });
});

describe('tokenActor', () => {
  it("acts for the token's account, on its repository only", () => {
    const claims: TokenClaims = {
      identity: { userId: 7, credentialsEpoch: 2 },
      repository: { namespace: 'alice', name: 'app' },
      access: 'read',
      nonce: '00',
    };
    expect(tokenActor(claims, '::1')).toEqual({ kind: 'token', address: '::1', ...claims });
  });
});

describe('ensureTokenKey', () => {
  it('creates the key once, and all processes on the database share it', async () => {
    const { db, drop } = await createTestDatabase();
    const keys = await Promise.all([ensureTokenKey({ db }), ensureTokenKey({ db }), ensureTokenKey({ db })]);
    expect(keys[0]).toHaveLength(32);
    expect(keys[1]).toEqual(keys[0]);
    expect(keys[2]).toEqual(keys[0]);
    expect(await ensureTokenKey({ db })).toEqual(keys[0]);
    await drop();
  });
});
