import fc from 'fast-check';
import { commandOf } from '../../../src/features/images/layer-command';
import { readLayerFacts } from '../../../src/features/images/layer-facts';
import { parseLayerJson } from '../../../src/features/images/layer-json';

const step = (...words: unknown[]) => commandOf({ container_config: { Cmd: words } }, undefined);
const NOTHING = {
  createdAt: undefined,
  author: undefined,
  comment: undefined,
  dockerVersion: undefined,
  command: undefined,
};

test.each([
  [['/bin/sh', '-c', '#(nop) ADD file:a1b2 in /'], 'ADD file:a1b2 in /'],
  [['/bin/sh', '-c', '#(nop)  CMD ["/bin/bash"]'], 'CMD ["/bin/bash"]'],
  [['/bin/sh', '-c', 'apt-get update && apt-get install -y nginx'], 'RUN apt-get update && apt-get install -y nginx'],
  [['|1', 'version=2', '/bin/sh', '-c', 'make'], 'RUN make'],
  [['cmd', '/S', '/C', 'dir'], 'RUN dir'],
  [['make', 'install'], 'RUN ["make","install"]'],
  [['/bin/bash'], 'RUN ["/bin/bash"]'],
  [['/bin/sh', '-c'], 'RUN ["/bin/sh","-c"]'],
  [['#(nop) MAINTAINER somebody'], 'MAINTAINER somebody'],
])('%j is shown as the instruction %s', (words, command) => {
  expect(step(...words)).toBe(command);
});

test.each([[[]], [['']], [[1, 2]], [['a', null]], [['|1', 'a=b']]])('%j is not a command', (words) => {
  expect(step(...words)).toBeUndefined();
});

test('without a command, the changes to the settings of the parent image are shown', () => {
  const below = { config: { Env: ['PATH=/bin'], Cmd: ['sh'], User: 'root' } };
  const config = {
    Env: ['PATH=/bin', 'A=1'],
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/data': {} },
    WorkingDir: '/srv',
    User: 'root',
    Entrypoint: ['/run'],
    Cmd: ['sh'],
  };
  expect(commandOf({ container_config: { Cmd: null }, config }, below)?.split('\n')).toEqual([
    'ENV A=1',
    'EXPOSE 80/tcp',
    'VOLUME /data',
    'WORKDIR /srv',
    'ENTRYPOINT ["/run"]',
  ]);
  expect(commandOf({ config: below.config }, below)).toBeUndefined();
  expect(commandOf({ config }, undefined)).toBeUndefined();
});

test('the facts come from the json', () => {
  const json = {
    created: '2014-02-03T16:47:06.615279788Z',
    author: ' somebody ',
    comment: 'first\nsecond\u001b[2J',
    docker_version: '0.9.1',
    container_config: { Cmd: ['/bin/sh', '-c', 'true'] },
  };
  expect(readLayerFacts(json, undefined)).toEqual({
    createdAt: new Date('2014-02-03T16:47:06.615Z'),
    author: 'somebody',
    comment: 'first\nsecond[2J',
    dockerVersion: '0.9.1',
    command: 'RUN true',
  });
});

test.each(['0001-01-01T00:00:00Z', 'yesterday', '2014-99-03T00:00:00Z', '', 1391446026, null, {}])(
  '%j is not a time',
  (created) => {
    expect(readLayerFacts({ created }, undefined).createdAt).toBeUndefined();
  },
);

test('text that is not the JSON of an object has no facts', () => {
  for (const text of ['', '{', 'null', '[]', '"x"', '5', '\xff']) {
    expect(readLayerFacts(parseLayerJson(Buffer.from(text, 'latin1')), undefined)).toEqual(NOTHING);
  }
});

test('long texts are cut', () => {
  const long = 'x'.repeat(100_000);
  const json = {
    author: long,
    comment: long,
    docker_version: long,
    container_config: { Cmd: ['/bin/sh', '-c', long] },
  };
  const facts = readLayerFacts(json, undefined);
  const lengths = [facts.author, facts.comment, facts.dockerVersion, facts.command].map((text) => text?.length);
  expect(lengths).toEqual([256, 1024, 64, 4096]);
  expect(facts.command).toMatch(/^RUN x+…$/);
});

test('values of any shape do no harm', () => {
  const keys = ['created', 'author', 'comment', 'docker_version', 'container_config', 'config'];
  const configs = fc.dictionary(
    fc.constantFrom('Cmd', 'Env', 'ExposedPorts', 'Volumes', 'WorkingDir', 'User', 'Entrypoint'),
    fc.oneof(fc.jsonValue(), fc.array(fc.string())),
  );
  const anyImage = fc.dictionary(fc.constantFrom(...keys), fc.oneof(fc.jsonValue(), configs));
  fc.assert(
    fc.property(anyImage, fc.option(anyImage, { nil: undefined }), (json, parent) => {
      const facts = readLayerFacts(json, parent);
      for (const text of [facts.author, facts.comment, facts.dockerVersion, facts.command]) {
        expect(text === undefined || (text.length > 0 && text.length <= 4096)).toBe(true);
      }
    }),
  );
});
