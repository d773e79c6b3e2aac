import { LineReader, linesOf, stepsOf } from '../../../../src/surfaces/web/areas/builds/log/steps';

const at = (second: number): Date => new Date(Date.UTC(2016, 0, 1, 0, 0, second));
const chunk = (seq: number, text: string) => ({ seq, at: at(seq), text });

it('a line that two chunks share has the time of the first', () => {
  expect(linesOf([chunk(1, 'one\ntw'), chunk(2, 'o\nthree')])).toEqual([
    { text: 'one', at: at(1) },
    { text: 'two', at: at(1) },
    { text: 'three', at: at(2) },
  ]);
});

it('a reader knows whether it is within a line, and cuts one without an end', () => {
  const reader = new LineReader();
  expect([reader.read(chunk(1, 'one\ntw')), reader.isAtEnd]).toEqual([[{ text: 'one', at: at(1) }], false]);
  expect([reader.read(chunk(2, 'o\n')), reader.isAtEnd]).toEqual([[{ text: 'two', at: at(1) }], true]);
  expect(reader.end()).toEqual([]);
  const long = 'x'.repeat(300 * 1024);
  expect([reader.read(chunk(3, long)), reader.isAtEnd]).toEqual([[{ text: long, at: at(3) }], true]);
});

it('steps begin where the builder and buildah say so', () => {
  const log = [
    'waiting',
    'Fetching branch master of https://git.test/app.git',
    'Commit abc',
    'Pulling library/node, 4',
    '\x1b[1mSTEP 1/2: FROM node:4\x1b[0m',
    '[2/2] STEP 2/2: RUN make',
    'STEP back: this is output',
    'Pushing the limits',
    'Pushing alice/app:latest',
    'Digest sha256:1',
  ];
  const steps = stepsOf(linesOf([chunk(1, `${log.join('\n')}\n`)]));
  expect(steps.map(({ title, lines }) => [title, lines])).toEqual([
    [undefined, ['waiting']],
    ['Fetching branch master of https://git.test/app.git', ['Commit abc']],
    ['Pulling library/node, 4', []],
    ['STEP 1/2: FROM node:4', []],
    ['[2/2] STEP 2/2: RUN make', ['STEP back: this is output', 'Pushing the limits']],
    ['Pushing alice/app:latest', ['Digest sha256:1']],
  ]);
});
