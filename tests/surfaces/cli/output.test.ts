import { alignColumns, formatBytes, formatTime } from '../../../src/surfaces/cli/output';

describe('a table', () => {
  it('has aligned columns, words to the left and numbers to the right', () => {
    const rows = [
      ['hello', 3, 'public'],
      ['demo/private', 127, 'private'],
    ];
    expect(alignColumns(['REPOSITORY', 'TAGS', 'ACCESS'], rows)).toEqual([
      'REPOSITORY    TAGS  ACCESS',
      'hello            3  public',
      'demo/private   127  private',
    ]);
  });

  it('ends no line with spaces', () => {
    const rows = [
      ['a', 'long value'],
      ['b', ''],
    ];
    expect(alignColumns(['X', 'Y'], rows)).toEqual(['X  Y', 'a  long value', 'b']);
  });

  it('has only its header if there is nothing to list', () => {
    expect(alignColumns(['USERNAME', 'EMAIL'], [])).toEqual(['USERNAME  EMAIL']);
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [5_368_709_120, '5.4 GB'],
  [2_500_000_000_000_000, '2500.0 TB'],
])('shows %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it('shows points in time in UTC, to the minute', () => {
  expect(formatTime(new Date('2014-06-09T14:30:59+02:00'))).toBe('2014-06-09 12:30');
});
