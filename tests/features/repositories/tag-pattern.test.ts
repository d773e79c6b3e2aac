import fc from 'fast-check';
import { isTagPattern, matchesTagPattern } from '../../../src/features/repositories/tag-pattern';

describe('matchesTagPattern', () => {
  it.each([
    ['*', 'latest', true],
    ['v*', 'v', true],
    ['v*', 'v1.0', true],
    ['v*', 'V1', false],
    ['v?', 'v', false],
    ['v?', 'v1', true],
    ['v?', 'v10', false],
    ['1.0', '1x0', false],
    ['*-rc?', 'v1-rc-rc2', true],
    ['*-rc?', 'v1-rc', false],
    ['v*.*', 'v1', false],
  ])('%s of %s is %s', (pattern, tag, expected) => {
    expect(matchesTagPattern(pattern, tag)).toBe(expected);
  });

  it('gives the result of a regular expression', () => {
    const anyText = (characters: string) =>
      fc.array(fc.constantFrom(...characters), { maxLength: 12 }).map((list) => list.join(''));
    fc.assert(
      fc.property(anyText('ab.*?'), anyText('ab.x'), (pattern, tag) => {
        const source = pattern
          .replaceAll('.', String.raw`\.`)
          .replaceAll('*', '.*')
          .replaceAll('?', '.');
        expect(matchesTagPattern(pattern, tag)).toBe(new RegExp(`^${source}$`).test(tag));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends for a pattern that would keep a regular expression busy forever', () => {
    expect(matchesTagPattern(`${'*a'.repeat(63)}*b`, 'a'.repeat(128))).toBe(false);
  });
});

it.each([
  ['*', true],
  ['v*.?-x_1', true],
  ['', false],
  ['a b', false],
  ['[ab]', false],
  ['x'.repeat(129), false],
])('%s can be a pattern: %s', (pattern, expected) => {
  expect(isTagPattern(pattern)).toBe(expected);
});
