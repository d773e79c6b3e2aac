import fc from 'fast-check';
import {
  assertImageId,
  assertTag,
  displayName,
  fullName,
  isImageId,
  parseFullName,
  parseRepositoryName,
  sameRepository,
} from '../../../src/features/repositories/names';

const RESERVED = ['images', 'tags', 'auth', 'json', 'properties', 'layer'];
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

const letters = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });
const anyNamespace = fc
  .array(letters(`${ALPHABET}_`, 1, 30), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join('-'))
  .filter((name) => name.length > 1);
const anyName = fc
  .tuple(letters(ALPHABET, 1, 1), letters(`${ALPHABET}._-`, 0, 254))
  .map(([first, rest]) => `${first}${rest}`)
  .filter((name) => !RESERVED.includes(name));

describe('parseRepositoryName', () => {
  it('accepts every name of protocol 1.1, as it is', () => {
    fc.assert(
      fc.property(anyNamespace, anyName, (namespace, name) => {
        expect(parseRepositoryName(namespace, name)).toEqual({ namespace, name });
        expect(parseRepositoryName('library', name)).toEqual({ namespace: 'library', name });
        expect(parseRepositoryName(undefined, name)).toEqual({ namespace: 'library', name });
      }),
    );
  });

  it('accepts no name that is ambiguous in a URL or a token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        const parsed = parseRepositoryName(undefined, text);
        if (parsed !== undefined) expect(encodeURIComponent(text)).toBe(text);
        expect(parsed === undefined).toBe(!/^[a-z0-9][a-z0-9._-]*$/.test(text) || RESERVED.includes(text));
      }),
      { examples: [['ab'], ['a"b'], ['ab\n'], ['\nab'], ['a,b'], ['a/b'], ['a b'], ['AB'], ['..'], ['images']] },
    );
  });

  it.each(RESERVED)('%s is reserved in every namespace', (name) => {
    expect(parseRepositoryName('alice', name)).toBeUndefined();
    expect(parseRepositoryName(undefined, name)).toBeUndefined();
  });

  it.each(['', 'a', 'a'.repeat(256), 'Alice', '-alice', 'alice-', 'al--ice', 'alice\n', 'al.ice', 'älice'])(
    '%j is not a namespace',
    (namespace) => {
      expect(parseRepositoryName(namespace, 'app')).toBeUndefined();
    },
  );

  it('knows both ends of the length, with and without the limits of the Hub', () => {
    const lengths = [1, 2, 3, 30, 31, 255, 256];
    const possible = (hubLimits: boolean): number[] =>
      lengths.filter((length) => parseRepositoryName('alice', 'x'.repeat(length), hubLimits) !== undefined);
    expect(possible(false)).toEqual([1, 2, 3, 30, 31, 255]);
    expect(possible(true)).toEqual([3, 30]);
  });
});

describe('parseFullName', () => {
  it('reads back what fullName and displayName write', () => {
    const anyRepository = fc.record({ namespace: fc.oneof(fc.constant('library'), anyNamespace), name: anyName });
    fc.assert(
      fc.property(anyRepository, (repository) => {
        expect(parseFullName(fullName(repository))).toEqual(repository);
        expect(parseFullName(displayName(repository))).toEqual(repository);
        expect(fullName(repository).split('/')).toHaveLength(2);
      }),
    );
  });

  it('foo and library/foo are one', () => {
    const [short, long] = [parseFullName('foo')!, parseFullName('library/foo')!];
    expect(sameRepository(short, long)).toBe(true);
    expect([fullName(short), displayName(long)]).toEqual(['library/foo', 'foo']);
    expect(sameRepository(short, parseFullName('alice/foo')!)).toBe(false);
  });

  it.each(['', '/', 'alice/', '/app', 'alice/app/', 'alice/a/b', '/alice/app', 'alice//app', 'hub.test:5000/app'])(
    '%j is not a name',
    (text) => {
      expect(parseFullName(text)).toBeUndefined();
    },
  );
});

describe('image ids', () => {
  it('are 16 or 64 lower hex digits, and nothing else', () => {
    fc.assert(
      fc.property(letters('0123456789abcdef', 1, 70), (id) => {
        expect(isImageId(id)).toBe(id.length === 16 || id.length === 64);
      }),
      { examples: [['0'.repeat(16)], ['f'.repeat(64)]] },
    );
    for (const id of ['A'.repeat(64), 'g'.repeat(64), `${'0'.repeat(64)}\n`, 7, null, undefined]) {
      expect(isImageId(id)).toBe(false);
    }
  });

  it("of another form are refused with a 404 in the words of docker's registry", () => {
    expect(() => assertImageId('x')).toThrow(
      expect.objectContaining({ code: 'not_found', message: 'Invalid image ID' }),
    );
  });
});

describe('assertTag', () => {
  it.each(['a', '_', '1.0', 'v-1', 'A.b_c-d', 'x'.repeat(128)])('%s is a tag', (tag) => {
    expect(() => assertTag(tag)).not.toThrow();
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'a b', 'é', 'a\n', 'x'.repeat(129)])('%j is not a tag', (tag) => {
    expect(() => assertTag(tag)).toThrow(
      expect.objectContaining({
        code: 'invalid',
        message: String.raw`Invalid tag name (must match ^[\w][\w.-]{0,127}$)`,
      }),
    );
  });
});
