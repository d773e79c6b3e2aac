import fc from 'fast-check';
import { compact, elementsOf, membersOf, stringOf } from '../../../src/features/bridge/json-text';
import { anyValue, key, list, object } from './odd-json';

const value = (text: string): unknown => JSON.parse(text);

describe('the text of JSON', () => {
  it('has the members that a parser finds, with their last values', () => {
    fc.assert(
      fc.property(object([fc.tuple(key, anyValue)]), (text) => {
        fc.pre(!/\\ud[89a-f]/i.test(text)); // different ones become the same
        const members = (membersOf(text) ?? []).map(([name, part]) => [name, value(part)] as const);
        expect(new Map(members)).toEqual(new Map(Object.entries(value(text) as object)));
      }),
    );
  });

  it('has the elements that a parser finds', () => {
    fc.assert(fc.property(list(anyValue), (text) => expect(elementsOf(text)?.map(value)).toEqual(value(text))));
  });

  it('means the same without whitespace', () => {
    fc.assert(
      fc.property(anyValue, (text) => {
        const short = compact(text);
        expect(value(short)).toEqual(value(text));
        expect(short.replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(/\s/);
      }),
    );
  });

  it('keeps numbers, the order of keys, and keys that come twice', () => {
    expect(membersOf('{"10": 1.50e+3 , "9" : -0,"10":100000000000000000001}')).toEqual([
      ['10', '1.50e+3'],
      ['9', '-0'],
      ['10', '100000000000000000001'],
    ]);
  });

  it('is of one kind', () => {
    for (const text of ['null', 'true', '1']) {
      expect([membersOf(text), elementsOf(text), stringOf(text)]).toEqual([undefined, undefined, undefined]);
    }
    expect([membersOf('[]'), elementsOf('{}'), stringOf('{}')]).toEqual([undefined, undefined, undefined]);
    expect([membersOf('{ }'), elementsOf('[ ]'), stringOf(String.raw`"\ud800\ud83d\ude00"`)]).toEqual([
      [],
      [],
      '\ufffd😀',
    ]);
  });

  it('may have any depth', () => {
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
    expect(membersOf(`{"a":${deep}}`)).toEqual([['a', deep]]);
    expect(compact(` ${deep}`)).toBe(deep);
  });
});
