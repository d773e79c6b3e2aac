import fc from 'fast-check';

/* JSON as text, with everything that JSON allows and that nobody writes. */

/** Text of JSON, or of a part of it. */
export type Text = fc.Arbitrary<string>;

export const space: Text = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), minLength: 1, maxLength: 3 }) },
);

/** Each character as it is, or escaped in one of the ways of JSON. */
const piece: Text = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...'a b A B 0 1 9 . / : = - _ #'.split(' '), ' ') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('<', '>', '&', '\u2028', '\u2029', '\u007f', '\u00e9', '😀', '\ue000', '\ufffd'),
  },
  { weight: 2, arbitrary: fc.constantFrom(...String.raw`\" \\ \/ \b \f \n \r \t`.split(' ')) },
  {
    weight: 2,
    arbitrary: fc
      .oneof(fc.constantFrom(0, 8, 0xc, 0x1f, 0x22, 0x3c, 0x5c, 0x2028, 0xd800, 0xdc00, 0xfeff), fc.nat(0xffff))
      .map((code) => `\\u${code.toString(16).padStart(4, '0')}`),
  },
  { weight: 1, arbitrary: fc.constant(String.raw`\uD83D\uDE00`) },
);

export const string: Text = fc.array(piece, { maxLength: 8 }).map((pieces) => `"${pieces.join('')}"`);

const NUMBERS = ['0', '-0', '7', '-1', '1e3', '1.0', '-1.50E+2', '9007199254740993', '9223372036854775807'];
const number: Text = fc.oneof(
  fc.constantFrom(...NUMBERS, '9223372036854775808', '100000000000000000001', '1e400', '0.1e-7'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);

const scalar: Text = fc.oneof(string, number, fc.constantFrom('true', 'false', 'null'));

export function list(item: Text): Text {
  return fc
    .tuple(fc.array(fc.tuple(space, item, space), { maxLength: 3 }), space)
    .map(([items, inside]) =>
      items.length === 0 ? `[${inside}]` : `[${items.map((parts) => parts.join('')).join(',')}]`,
    );
}

export function object(members: readonly fc.Arbitrary<readonly [key: string, value: string]>[], maxLength = 4): Text {
  const member = fc
    .tuple(space, fc.oneof(...members), space, space)
    .map(([a, [key, value], b, c]) => `${a}${key}${b}:${c}${value}`);
  return fc.tuple(fc.array(member, { maxLength }), space).map(([items, end]) => `{${items.join(',')}${end}}`);
}

/** Keys that JavaScript's objects treat in their own way, and others. */
export const key: Text = fc.oneof(
  fc.constantFrom('"10"', '"9"', '"__proto__"', '"constructor"', '""', '"a"', '"80/tcp"'),
  string,
);

export const anyValue: Text = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    scalar,
    list(tie('value')),
    object([fc.tuple(key, tie('value'))]),
  ),
})).value;
