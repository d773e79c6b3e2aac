import { goJson, GoMap, GoStruct, RawJson, rawMembers, type Writable } from '../../../src/features/bridge/go-json';

describe('JSON as Go writes it', () => {
  it.each([
    ['"\\\b\f\n\r\t', String.raw`"\"\\\u0008\u000c\n\r\t"`],
    [
      '<a href="x">&</a>\u2028\u2029\u007f',
      '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e\\u2028\\u2029\u007f"',
    ],
    ['é😀', '"é😀"'],
  ])('escapes %j', (text, written) => {
    expect(goJson(text)).toBe(written);
  });

  it('has no whitespace, and all digits of numbers', () => {
    const value = [true, null, '', 9007199254740993n, new RawJson('1.0'), new GoMap(), []];
    expect(goJson(value)).toBe('[true,null,"",9007199254740993,1.0,{},[]]');
  });

  it('has the fields of a struct in their order, without some that are empty', () => {
    const isLeftOut = (name: string, value: Writable): boolean => name !== 'b' && value === '';
    const struct = new GoStruct(
      ['c', 'b', '10', 'a'].map((name) => [name, '']),
      isLeftOut,
    );
    expect(goJson(struct.set('a', '1'))).toBe('{"b":"","a":"1"}');
  });

  it('sorts the keys of a map by their bytes', () => {
    const keys = ['\ue000', '😀', 'b', 'B', 'a', '9', '10', '__proto__'];
    const map = new GoMap(keys.map((key) => [key, null]));
    expect(Array.from(goJson(map).matchAll(/"(.*?)":/g), ([, key]) => key)).toEqual([
      '10',
      '9',
      'B',
      '__proto__',
      'a',
      'b',
      '\ue000',
      '😀',
    ]);
  });
});

describe('the members of an object', () => {
  it('keep their text without whitespace, and the last of two equal keys', () => {
    const members = rawMembers('{"a": 1.50e+3 , "b":[ 1 , "x  y\\/<" ],"a":100000000000000000001}');
    expect(members.map(([key, { text }]) => [key, text])).toEqual([
      ['a', '100000000000000000001'],
      ['b', String.raw`[1,"x  y\/\u003c"]`],
    ]);
  });
});
