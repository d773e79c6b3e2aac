import { readByteSize, showByteSize, writeByteSize } from '../../../src/platform/bytes/byte-size';

it.each([
  [0, '0'],
  [1023, '1023'],
  [1024, '1k'],
  [1_610_612_736, '1536m'],
  [10 * 2 ** 30, '10g'],
  [3 * 2 ** 40, '3t'],
])('writes %s bytes as %s, which reads the same', (bytes, text) => {
  expect([writeByteSize(bytes), readByteSize(text)]).toEqual([text, bytes]);
});

it.each(['10 g', '10gb', '1.5g', '-1', '', '1234567890123456'])('does not read %j', (text) => {
  expect(readByteSize(text)).toBeUndefined();
});

it('shows sizes to people', () => {
  expect([0, 12, 1_610_612_736].map(showByteSize)).toEqual(['0 bytes', '12 bytes', '1.5 GiB']);
});
