import { COLOURS, identicon } from '../../../../src/surfaces/web/components/identicon';

/** The filled cells of a picture, row by row. */
function cellsOf(path: string): string[] {
  const rows = Array.from({ length: 5 }, () => '.....');
  for (const [, x = '', y = '', width = ''] of path.matchAll(/M(\d) (\d)h(\d)v1h-\3z/g)) {
    const [at, to] = [Number(x), Number(x) + Number(width)];
    rows[Number(y)] = [...(rows[Number(y)] ?? '')]
      .map((cell, column) => (column >= at && column < to ? '#' : cell))
      .join('');
  }
  return rows;
}

describe('the picture of an account', () => {
  const names = Array.from({ length: 500 }, (_, number) => `user${number}`);

  it('is the same for the same name, and differs from almost all others', () => {
    expect(identicon('alice')).toEqual(identicon('alice'));
    expect(new Set(names.map((name) => JSON.stringify(identicon(name)))).size).toBeGreaterThan(490);
  });

  it('is symmetrical, neither bare nor full, and in one of the colours', () => {
    for (const name of names) {
      const { colour, path } = identicon(name);
      const rows = cellsOf(path);
      expect(rows.map((row) => [...row].reverse().join(''))).toEqual(rows);
      const filled = rows.join('').replaceAll('.', '').length;
      expect(filled).toBeGreaterThanOrEqual(6);
      expect(filled).toBeLessThanOrEqual(20);
      expect(colour).toBeGreaterThanOrEqual(1);
      expect(colour).toBeLessThanOrEqual(COLOURS);
    }
    expect(new Set(names.map((name) => identicon(name).colour)).size).toBe(COLOURS);
  });
});
