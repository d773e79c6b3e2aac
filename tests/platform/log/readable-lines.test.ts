import { PassThrough } from 'node:stream';
import { createLogger } from '../../../src/platform/log/logger';
import { readable, readableLines } from '../../../src/platform/log/readable-lines';

const line = (fields: object) =>
  readable(JSON.stringify({ time: '2014-06-09T12:30:01.000Z', level: 'info', ...fields }));

it('has the time, the level, what happened, and the fields', () => {
  expect(line({ msg: 'request', method: 'GET', url: '/v1/_ping', status: 200, list: [1, 'a'] })).toBe(
    '12:30:01 info  request method=GET url=/v1/_ping status=200 list=[1,"a"]',
  );
});

it('has the stack of an error on lines of its own', () => {
  const err = { type: 'Error', message: 'broken', stack: 'Error: broken\n    at work' };
  expect(line({ msg: 'it failed', err })).toBe('12:30:01 info  it failed\nError: broken\n    at work');
  expect(line({ msg: 'it failed', err: 'a text' })).toBe("12:30:01 info  it failed\n'a text'");
});

it('lets no client write to the terminal', () => {
  let written = '';
  const output = readableLines({ write: (text) => (written += text) });
  output.write(`${JSON.stringify({ level: 'info', msg: 'request', userAgent: '\u001b[31mred\rX' })}\n`);
  expect(written).toContain('userAgent=\\u001b[31mred\\rX\n');
});

it('levels are names, in JSON too', () => {
  const stream = new PassThrough();
  const log = createLogger('trace', stream);
  for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level);
  const lines = String(stream.read()).trim().split('\n');
  expect(lines.map((each) => (JSON.parse(each) as { level: string; msg: string }).level)).toEqual([
    'trace', 'debug', 'info', 'warn', 'error', 'fatal',
  ]); // prettier-ignore
});
