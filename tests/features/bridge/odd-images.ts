import fc from 'fast-check';
import { anyValue, key, list, object, space, string, type Text } from './odd-json';

/* The json of images with everything that engines read, in all forms that JSON allows, and now and then what they refuse. */

/** A name in any case; Go also takes two letters that are not ASCII for k and s. */
function nameOf(name: string): Text {
  const letters = Array.from(name, (letter) => {
    const variants = { k: ['\u212a'], s: ['\u017f', '\\u017f'] }[letter.toLowerCase()] ?? [];
    return fc.oneof(
      { weight: 60, arbitrary: fc.constant(letter) },
      { weight: 1, arbitrary: fc.constantFrom(letter.toUpperCase(), letter.toLowerCase(), ...variants) },
    );
  });
  return fc.tuple(...letters).map((chosen) => `"${chosen.join('')}"`);
}

/** Mostly of its type, seldom something that docker refuses. */
const mostly = (value: Text, none: Text = fc.constant('null')): Text =>
  fc.oneof({ weight: 60, arbitrary: value }, { weight: 6, arbitrary: none }, { weight: 1, arbitrary: anyValue });

const field = (name: string, value: Text, none?: Text): fc.Arbitrary<[string, string]> =>
  fc.tuple(nameOf(name), mostly(value, none));
const fields = (names: string, value: Text): fc.Arbitrary<[string, string]>[] =>
  names.split(' ').map((name) => field(name, value));

const integer: Text = fc.oneof(
  fc.constantFrom('0', '-0', '10', '9223372036854775807', '-9223372036854775808'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
);
const flag: Text = fc.constantFrom('true', 'false');
/** Without null, which in a list that comes three times is what the first one had there. */
const texts: Text = list(
  fc.oneof({ weight: 60, arbitrary: string }, { weight: 1, arbitrary: fc.constantFrom('1', '[]') }),
);
const command: Text = fc.oneof(list(mostly(string)), string);
const set: Text = object([fc.tuple(key, mostly(object([fc.tuple(key, anyValue)], 1)))]);
const labels: Text = object([fc.tuple(key, mostly(string))]);
const unknown = fc.tuple(key, anyValue);

const healthcheck: Text = object([
  field('Test', texts),
  ...fields('Interval Timeout StartPeriod Retries', integer),
  unknown,
]);

const config: Text = object(
  [
    ...fields('Hostname Domainname User Image WorkingDir MacAddress StopSignal', string),
    ...fields('AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce ArgsEscaped NetworkDisabled', flag),
    ...fields('ExposedPorts Volumes', set),
    ...fields('Env OnBuild', texts),
    ...fields('Cmd Entrypoint Shell', command),
    field('Labels', labels),
    field('StopTimeout', integer),
    field('Healthcheck', healthcheck),
    unknown,
  ],
  12,
);

const two = (number: number): string => String(number).padStart(2, '0');

/** Times that Go reads. */
const goodTime: Text = fc
  .record({
    year: fc.constantFrom('0001', '1969', '2000', '2014', '2016', '9999'),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
    hour: fc.integer({ min: 0, max: 23 }),
    second: fc.integer({ min: 0, max: 59 }),
    fraction: fc.oneof(
      fc.constantFrom('', '.0', '.000000000', '.500', '.123456789'),
      fc
        .string({ unit: fc.constantFrom('0', '0', '1', '9'), minLength: 1, maxLength: 9 })
        .map((digits) => `.${digits}`),
    ),
    zone: fc.constantFrom('Z', '+00:00', '-00:00', '+02:00', '-03:30', '+23:59', '+14:00'),
  })
  .map(
    ({ year, month, day, hour, second, fraction, zone }) =>
      `"${year}-${two(month)}-${two(day)}T${two(hour)}:${two(second)}:${two(second)}${fraction}${zone}"`,
  );

/** Times that no Go reads, and days that exist in some years only. */
const oddTime: Text = fc.constantFrom(
  '""',
  '"yesterday"',
  '"2014-02-29T00:00:00Z"',
  '"2016-02-29T00:00:00Z"',
  '"2000-02-29T00:00:00Z"',
  '"1900-02-29T00:00:00Z"',
  '"2014-04-31T00:00:00Z"',
  '"2014-13-01T00:00:00Z"',
  '"2014-00-01T00:00:00Z"',
  '"2014-01-01T24:00:00Z"',
  '"2014-01-01T23:60:00Z"',
  '"2014-01-01T23:59:60Z"',
  '"2014-01-01 00:00:00Z"',
  '"2014-01-01t00:00:00z"',
  '"2014-01-01T00:00:00"',
  '"2014-01-01T00:00:00.Z"',
  '"2014-01-01T00:00:00+0200"',
  '"2014-01-01T00:00:00\\u005a"',
  '"14-01-01T00:00:00Z"',
  '" 2014-01-01T00:00:00Z"',
  '"2014-01-01T00:00:00Z "',
  '1400000000',
);

const VERSIONS = [
  '0.9.1 1.8 1.8.2 1.8.3 1.8.4 1.8.3-rc1 1.8.3.0 1.8.2.99 1.8.3.-1 01.8.3 1.08.03 +1.8.3 -1 1.10.0 1.9.0-dev 17.05.0-ce v1.10 2',
  '1..3 99999999999999999999 1.8.99999999999999999999 1.8.-99999999999999999999 ٢.0 1_0.0 0x2',
].join(' ');

const version: Text = fc.oneof(
  fc.constantFrom(
    ...VERSIONS.split(' ').map((text) => JSON.stringify(text)),
    '""',
    '"1.8. 3"',
    String.raw`"1.\u0038.3"`,
  ),
  string,
);

/** Not null, which Go refuses up to 1.7. */
const created = fc.tuple(
  nameOf('created'),
  fc.oneof({ weight: 10, arbitrary: goodTime }, { weight: 1, arbitrary: oddTime }),
);

const members = [
  ...fields('id parent comment container author architecture os', string),
  created,
  ...fields('container_config config', config),
  ...Array.from({ length: 4 }, () => field('docker_version', version)),
  ...fields('Size size', integer),
  field('os.version', string),
  field('os.features', texts),
  unknown,
];

const spaced = (json: Text): Text => fc.tuple(space, json, space).map((parts) => parts.join(''));

/** The json of an image of v1. */
const v1Json: Text = spaced(
  object([...members, ...fields('parent_id layer_id throwaway rootfs history', anyValue)], 10),
);

/** The json of the images of a chain, the base first. */
export const v1Chain: fc.Arbitrary<readonly string[]> = fc.array(v1Json, { minLength: 1, maxLength: 3 });

const historyLine: Text = object([
  created,
  ...fields('created_by author comment', string),
  field('empty_layer', flag),
  unknown,
]);

/** A config with these layers. */
export const configWith = (diffIds: readonly string[]): Text => {
  const rootfs = `"rootfs":${JSON.stringify({ type: 'layers', diff_ids: diffIds })}`;
  const history = fc.tuple(fc.constant('"history"'), list(mostly(historyLine)));
  return spaced(
    object([...members, history], 10).map((json) =>
      json.replace(/\}$/, `${/^\{\s*\}$/.test(json) ? '' : ','}${rootfs}}`),
    ),
  );
};
