import fc from 'fast-check';
import { readRange, type RangeReading } from '../../../src/platform/http/ranges';

const whole: RangeReading = { kind: 'whole' };
const unsatisfiable: RangeReading = { kind: 'unsatisfiable' };
const part = (start: number, end: number): RangeReading => ({ kind: 'part', start, end });

const size = fc.integer({ min: 0, max: 10_000_000_000 });
const position = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 20_000_000_000 }));

describe('readRange (protocol 4.4, RFC 7233)', () => {
  it.each<[string | undefined, number, RangeReading]>([
    [undefined, 10, whole],
    ['', 10, whole],
    ['bytes=0-9', 10, part(0, 9)],
    ['bytes=3-10', 10, part(3, 9)],
    ['bytes=9-10', 10, part(9, 9)],
    ['bytes=10-10', 10, unsatisfiable],
    ['bytes=10-', 10, unsatisfiable],
    ['bytes=4-', 10, part(4, 9)],
    ['bytes=-1', 10, part(9, 9)],
    ['bytes=-10', 10, part(0, 9)],
    ['bytes=-11', 10, part(0, 9)],
    ['bytes=-0', 10, unsatisfiable],
    ['BYTES=1-1', 10, part(1, 1)],
    [' bytes=1-1 ', 10, part(1, 1)],
    ['bytes=5-4', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=', 10, whole],
    ['bytes', 10, whole],
    ['bytes=0-1,3-4', 10, whole],
    ['bytes=0-1, 3-4', 10, whole],
    ['bytes=1 0-2 0', 100, whole],
    ['bytes=--1', 10, whole],
    ['bytes=+1-2', 10, whole],
    ['bytes=1.0-2', 10, whole],
    ['bytes=0x1-2', 10, whole],
    ['items=0-1', 10, whole],
    ['bytes=0-0', 0, unsatisfiable],
    ['bytes=-5', 0, unsatisfiable],
  ])('%j of %d', (header, sizeBytes, expected) => {
    expect(readRange(header, sizeBytes)).toEqual(expected);
  });

  it('never exceeds the body, whatever the header says', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.string().map((text) => `bytes=${text}`),
      fc.tuple(fc.bigInt(), fc.bigInt()).map(([a, b]) => `bytes=${a}-${b}`),
      fc.stringMatching(/^bytes=\d{0,400}-\d{0,400}$/),
    );
    fc.assert(
      fc.property(anything, size, (header, sizeBytes) => {
        const reading = readRange(header, sizeBytes);
        if (reading.kind !== 'part') return true;
        const { start, end } = reading;
        return Number.isSafeInteger(start) && start >= 0 && start <= end && end < sizeBytes;
      }),
    );
  });

  it('returns the bytes from the first to the last, both included, clamped to the size', () => {
    fc.assert(
      fc.property(position, position, size, (first, last, sizeBytes) => {
        const expected =
          last < first ? whole : first >= sizeBytes ? unsatisfiable : part(first, Math.min(last, sizeBytes - 1));
        expect(readRange(`bytes=${first}-${last}`, sizeBytes)).toEqual(expected);
      }),
    );
  });

  it('returns the rest from a position, and the last bytes', () => {
    fc.assert(
      fc.property(position, size, (n, sizeBytes) => {
        const isInside = n < sizeBytes;
        expect(readRange(`bytes=${n}-`, sizeBytes)).toEqual(isInside ? part(n, sizeBytes - 1) : unsatisfiable);
        const isAnything = n > 0 && sizeBytes > 0;
        const suffix = isAnything ? part(Math.max(0, sizeBytes - n), sizeBytes - 1) : unsatisfiable;
        expect(readRange(`bytes=-${n}`, sizeBytes)).toEqual(suffix);
      }),
    );
  });

  it('accepts the resumption of an engine, whose end is one past the last byte (protocol 13, trap 30) (E18)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(), (sizeBytes, n) => {
        const received = n % (sizeBytes + 1);
        const expected = received === sizeBytes ? unsatisfiable : part(received, sizeBytes - 1);
        expect(readRange(`bytes=${received}-${sizeBytes}`, sizeBytes)).toEqual(expected);
      }),
    );
  });
});
