import fc from 'fast-check';
import { labelsOf, readImageConfig } from '../../../src/features/manifests/image-config';

const read = (config: unknown) => readImageConfig(Buffer.from(JSON.stringify(config)));

describe('readImageConfig', () => {
  it('reads what a container starts with, and where the image runs', () => {
    const config = {
      architecture: 'arm64',
      os: 'linux',
      variant: 'v8',
      created: '2026-01-02T03:04:05.123456789Z',
      author: 'alice',
      config: {
        Entrypoint: ['/bin/app'],
        Cmd: ['serve', '--all'],
        Env: ['PATH=/bin', 'A=1'],
        ExposedPorts: { '80/tcp': {}, '53/udp': {} },
        Volumes: { '/data': {} },
        WorkingDir: '/srv',
        User: 'app:app',
        Labels: { one: '1', two: '' },
      },
    };
    expect(read(config)).toEqual({
      platform: 'linux/arm64/v8',
      createdAt: new Date('2026-01-02T03:04:05.123Z'),
      author: 'alice',
      entrypoint: ['/bin/app'],
      command: ['serve', '--all'],
      env: ['PATH=/bin', 'A=1'],
      ports: ['80/tcp', '53/udp'],
      volumes: ['/data'],
      workingDir: '/srv',
      user: 'app:app',
      labels: [
        ['one', '1'],
        ['two', ''],
      ],
      history: [],
    });
  });

  it.each([
    ['/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'],
    ['/bin/sh -c apt-get update', 'RUN apt-get update'],
    ['RUN /bin/sh -c apt-get update # buildkit', 'RUN apt-get update'],
    ['RUN |1 VERSION=2 /bin/sh -c make # buildkit', 'RUN make'],
    ['|1 VERSION=2 /bin/sh -c make', 'RUN make'],
    ['RUN /bin/bash -o pipefail -c make | tee log # buildkit', 'RUN make | tee log'],
    ['COPY . /app # buildkit', 'COPY . /app'],
    ['bazel build ...', 'bazel build ...'],
  ])('writes the step %j as in a Dockerfile', (createdBy, command) => {
    expect(read({ history: [{ created_by: createdBy }] })?.history[0]?.command).toBe(command);
  });

  it('knows the steps that have no layer', () => {
    const history = [{ created_by: 'ADD x /' }, { created_by: 'ENV a=1', empty_layer: true, comment: 'x' }];
    expect(read({ history })?.history).toMatchObject([{ isEmpty: false }, { isEmpty: true, comment: 'x' }]);
  });

  it('returns undefined for JSON that is not an object', () => {
    for (const bytes of ['', 'null', '[]', '"x"', '7', '{', '\xff']) {
      expect(readImageConfig(Buffer.from(bytes, 'latin1'))).toBeUndefined();
    }
  });

  it('leaves out fields of a wrong shape, and never throws', () => {
    const names = ['config', 'history', 'created', 'os', 'Entrypoint', 'Env', 'Labels', 'created_by', 'ExposedPorts'];
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 1e308, '', '\0', 'x'.repeat(5000), []),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...names, '__proto__'), tie('any'), { maxKeys: 6 }),
      ),
    })).any;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (config) => {
        expect(JSON.stringify(read(config)).length).toBeLessThan(500_000);
      }),
    );
  });

  it('cuts long texts and long lists', () => {
    const spaces = `RUN x${' '.repeat(4000)}y`;
    const config = {
      config: { Env: Array.from({ length: 900 }, () => 'x'.repeat(3000)) },
      history: Array.from({ length: 5000 }, () => ({ created_by: spaces })),
    };
    const found = read(config);
    expect(found?.env).toHaveLength(100);
    expect(found?.env[0]).toHaveLength(1024);
    expect(found?.history).toHaveLength(1000);
  });
});

it('labels that are not texts are left out', () => {
  expect(labelsOf({ a: 'x', b: 1, c: null, '': 'y', d: 'l\u001b[31m' })).toEqual([
    ['a', 'x'],
    ['d', 'l[31m'],
  ]);
  for (const other of [undefined, null, 'x', ['x']]) expect(labelsOf(other)).toEqual([]);
});
