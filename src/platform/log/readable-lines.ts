import { Writable } from 'node:stream';
import { inspect } from 'node:util';

/** What stands at the beginning of a line, and the error, which has lines of its own. */
interface Fields {
  readonly time?: unknown;
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly err?: unknown;
}

function stackOf(error: unknown): string {
  if (error === undefined) return '';
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
  return `\n${typeof stack === 'string' ? stack : inspect(error)}`;
}

/** `12:30:01 info  request method=GET url=/v1/_ping status=200`, from a line of the log in JSON. */
export function readable(json: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(json) as Fields;
  const clock = typeof time === 'string' ? time.slice(11, 19) : '';
  const fields = Object.entries(rest).map(([name, value]) => {
    return `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return (
    [clock, String(level).padEnd(5), typeof msg === 'string' ? msg : '', ...fields].join(' ').trimEnd() + stackOf(err)
  );
}

/** Writes the lines of a log for people. Control characters of clients stay escaped, because a terminal obeys them. */
export function readableLines(output: { write(text: string): unknown }): Writable {
  return new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      output.write(`${readable(line).replace(/[^\P{Cc}\n]/gu, (control) => JSON.stringify(control).slice(1, -1))}\n`);
      done();
    },
  });
}
