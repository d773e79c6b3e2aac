import { configOfChain } from '../../../src/features/bridge/image-config';

/* What docker makes of json that it never wrote; same-as-docker.test.ts compares all of it with docker's own computation. */

interface Config {
  readonly created?: unknown;
  readonly config?: Record<string, unknown>;
  readonly history: readonly Record<string, unknown>[];
  readonly docker_version?: unknown;
}

const textOf = (json: string): string =>
  configOfChain([{ json: Buffer.from(json), diffId: `sha256:${'a'.repeat(64)}` }]).toString();
const read = (json: string): Config => JSON.parse(textOf(json)) as Config;
const configOf = (members: string): unknown => read(`{"config":{${members}}}`).config;

describe('the config of an image whose json is odd', () => {
  it('reads keys in any case up to docker 1.8.2, and keeps unknown members from 1.8.3 on', () => {
    const json = '"config":{"CMD":"sh","expo\u017fedports":{"80/tcp":null}},"Unknown":1';
    const old = read(`{"DOCKER_VERSION":"1.8.2",${json}}`);
    expect(old).toMatchObject({ config: { Cmd: ['sh'], ExposedPorts: { '80/tcp': {} } } });
    expect(old).not.toHaveProperty('Unknown');
    expect(read(`{"DOCKER_VERSION":"1.8.3",${json}}`)).toMatchObject({ Unknown: 1, config: { CMD: 'sh' } });
  });

  it('takes the last of two equal keys, unless it is null', () => {
    expect(configOf('"User":"a","user":"b","User":"c","USER":null')).toMatchObject({ User: 'c' });
    expect(read('{"docker_version":"1.8.3","Docker_Version":null,"Unknown":1}')).toMatchObject({ Unknown: 1 });
  });

  it('is the union of objects that come twice', () => {
    const json = '{"config":{"User":"a","Labels":{"10":"x"}},"Config":{"Tty":true,"Labels":{"9":"y"}}}';
    expect(read(json).config).toMatchObject({ User: 'a', Tty: true, Labels: { '10': 'x', '9': 'y' } });
    expect(read('{"config":{"User":"a"},"CONFIG":null}')).not.toHaveProperty('config');
  });

  it('sorts the keys of maps by their bytes, also numbers', () => {
    const sorted = '"ExposedPorts":{"10":{},"9":{},"__proto__":{}}';
    expect(textOf('{"config":{"ExposedPorts":{"__proto__":{},"9":{},"10":{}}}}')).toContain(sorted);
  });

  it('has all digits of numbers', () => {
    expect(textOf('{"config":{"StopTimeout":9007199254740993}}')).toContain('"StopTimeout":9007199254740993');
    expect(textOf('{"config":{"StopTimeout":-0}}')).toContain('"StopTimeout":0');
  });

  it('has the fields of a health check', () => {
    const health = '"Retries":3,"Interval":30000000000,"Unknown":1,"Timeout":0,"test":["CMD",null]';
    expect(textOf(`{"config":{"Healthcheck":{${health}}}}`)).toContain(
      '"Healthcheck":{"Test":["CMD",""],"Interval":30000000000,"Retries":3}',
    );
  });

  it('is the same with a byte order mark, which the registry takes', () => {
    expect(textOf('\ufeff{"author":"a"}')).toBe(textOf('{"author":"a"}'));
  });
});

describe('the time of an image', () => {
  it.each([
    ['2014-05-13T16:53:21.500000000Z', '2014-05-13T16:53:21.5Z'],
    ['2014-05-13T16:53:21.000+00:00', '2014-05-13T16:53:21Z'],
    ['2014-05-13T16:53:21.1234567891+02:00', '2014-05-13T16:53:21.123456789+02:00'],
    ['2016-02-29T00:00:00-00:00', '2016-02-29T00:00:00Z'],
  ])('%s is written as Go writes it', (created, written) => {
    expect(read(JSON.stringify({ created }))).toMatchObject({ created: written, history: [{ created: written }] });
  });

  it.each([
    'yesterday',
    '',
    '2014-02-29T00:00:00Z',
    '2014-01-00T00:00:00Z',
    '2014-01-01T24:00:00Z',
    '2014-01-01T23:59:60Z',
    '2014-01-01T00:00:00,5Z',
    '2014-01-01T1:00:00Z',
    '2014-01-01T00:00:00+24:00',
    '2014-01-01T00:00:00+00:60',
  ])('"%s" is none', (created) => {
    expect(read(JSON.stringify({ created })).created).toBe('0001-01-01T00:00:00Z');
  });

  it('is read as it is written, with no escapes', () => {
    expect(read('{"created":"2014-05-13T16:53:21\\u005a"}').created).toBe('0001-01-01T00:00:00Z');
  });
});

/* docker 17.05 cannot pull these over v1. */
describe('the config of an image whose json docker refuses', () => {
  it('has nothing instead of the value that is wrong', () => {
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`;
    const wrong = `"Cmd":1,"Env":"a","User":[],"Tty":"yes","Labels":[],"StopTimeout":1e3,"Healthcheck":${deep}`;
    expect(configOf(`${wrong},"Hostname":"h"`)).toEqual({
      ...(configOf('') as object),
      Hostname: 'h',
    });
    expect(configOf('"Env":["a",1,"b"]')).toMatchObject({ Env: ['a', '', 'b'] });
  });

  it('is written as for docker before 1.8.3, so that clients can read it', () => {
    const config = read('{"docker_version":"1.10.0","created":"","config":{"Cmd":["sh"]},"Unknown":1}');
    expect(config).toMatchObject({
      created: '0001-01-01T00:00:00Z',
      docker_version: '1.10.0',
      config: { Cmd: ['sh'] },
    });
    expect(config).not.toHaveProperty('Unknown');
  });
});
