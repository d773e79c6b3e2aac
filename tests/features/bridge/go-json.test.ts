import fc from 'fast-check';
import { goJson, goMap, rawMembers, type JsonValue } from '../../../src/features/bridge/go-json';
import { configOfChain } from '../../../src/features/bridge/image-config';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
const object = fc.dictionary(fc.string({ unit: 'binary' }), json);
const DIFF_ID = `sha256:${'a'.repeat(64)}`;

/** JSON of an image with whitespace where JSON allows it. */
const spaced = (value: JsonValue, indent: number): string => JSON.stringify(value, undefined, indent);

const configOf = (value: JsonValue | string): Record<string, unknown> => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.parse(configOfChain([{ json: Buffer.from(text), diffId: DIFF_ID }]).toString()) as Record<
    string,
    unknown
  >;
};

describe('JSON as Go writes it', () => {
  it('means the same as the value, and needs no escaping in HTML', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = goJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(text).not.toMatch(/[<>&\u2028\u2029\n\t ](?=(?:[^"\\]|\\.)*$)/);
      }),
    );
  });

  it.each([
    ['"\\\b\f\n\r\t', String.raw`"\"\\\u0008\u000c\n\r\t"`],
    [
      '<a href="x">&</a>\u2028\u2029\u007f',
      '"\\u003ca href=\\"x\\"\\u003e\\u0026\\u003c/a\\u003e\\u2028\\u2029\u007f"',
    ],
    ['é😀', '"é😀"'],
    ['\ud800', '"\ufffd"'],
  ])('escapes %j', (text, written) => {
    expect(goJson(text)).toBe(written);
  });

  it('sorts the keys of a map by their bytes', () => {
    const keys = ['\ue000', '😀', 'b', 'B', 'a'];
    expect(goMap(new Map(keys.map((key) => [key, 1])))).toBe('{"B":1,"a":1,"b":1,"\ue000":1,"😀":1}');
  });
});

describe('the members of an object', () => {
  it('are the same with any whitespace', () => {
    fc.assert(
      fc.property(object, fc.integer({ min: 0, max: 5 }), (value, indent) => {
        const members = rawMembers(spaced(value, indent));
        expect([...members.keys()].sort()).toEqual([...rawMembers(JSON.stringify(value)).keys()].sort());
        for (const [key, raw] of rawMembers(JSON.stringify(value))) expect(members.get(key)?.text).toBe(raw.text);
      }),
    );
  });

  it('keep the text of numbers, and the last of two equal keys', () => {
    const members = rawMembers('{"a": 1.50e+3 , "b":[ 1 , "x y" ],"a":100000000000000000001}');
    expect([...members].map(([key, { text }]) => [key, text])).toEqual([
      ['a', '100000000000000000001'],
      ['b', '[1,"x y"]'],
    ]);
  });
});

describe('the config of an image', () => {
  it('is JSON with sorted keys and without members of v1, whatever the json is', () => {
    fc.assert(
      fc.property(object, fc.constantFrom('0.9.1', '1.8.2', '1.8.3', '17.05.0-ce', 'x'), (fields, version) => {
        const config = configOf({ ...fields, docker_version: version, id: 'x', parent: 'y', Size: 1, throwaway: true });
        const keys = Object.keys(config).filter((key) => !/^\d+$/.test(key));
        expect(keys).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
        for (const name of ['id', 'parent', 'Size', 'throwaway']) expect(config).not.toHaveProperty(name);
        expect(config['rootfs']).toEqual({ type: 'layers', diff_ids: [DIFF_ID] });
        expect(config['history']).toHaveLength(1);
      }),
    );
  });

  it('reads keys in any case up to docker 1.8.2, and keeps unknown members from 1.8.3 on', () => {
    const json = { DOCKER_VERSION: '1.8.2', config: { CMD: 'sh', exposedports: { '80/tcp': null } }, Unknown: 1 };
    expect(configOf(json)).toMatchObject({ config: { Cmd: ['sh'], ExposedPorts: { '80/tcp': {} } } });
    expect(configOf(json)).not.toHaveProperty('Unknown');
    expect(configOf({ ...json, DOCKER_VERSION: '1.10.0' })).toMatchObject({ Unknown: 1, config: { CMD: 'sh' } });
  });

  it.each([
    ['2014-05-13T16:53:21.500000000Z', '2014-05-13T16:53:21.5Z'],
    ['2014-05-13T16:53:21.000+00:00', '2014-05-13T16:53:21Z'],
    ['2014-05-13T16:53:21.1234567891+02:00', '2014-05-13T16:53:21.123456789+02:00'],
    ['yesterday', '0001-01-01T00:00:00Z'],
    [undefined, '0001-01-01T00:00:00Z'],
  ])('has the time %s as Go writes it', (created, written) => {
    expect(configOf({ ...(created === undefined ? {} : { created }) })['created']).toBe(written);
  });
});
