import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { run } from './processes';

/** Many clients that ask one URL again and again. */
export interface LoadGenerator {
  readonly name: string;
  /** Resolves to the answers per second; throws when any of them was not a success. */
  measure(target: Target): Promise<number>;
}

export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
}

const headerArgs = (headers: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);

const wrk: LoadGenerator = {
  name: 'wrk',
  measure: async ({ url, headers, connections, seconds }) => {
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', ...headerArgs(headers), url];
    const report = await run({ file: 'wrk', args });
    const bad = /Non-2xx or 3xx responses: (\d+)/.exec(report)?.[1];
    const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(report)?.[1]);
    if (bad !== undefined || !(rate > 0)) throw new Error(`${url} under load: ${report}`);
    return rate;
  },
};

function autocannon(script: string): LoadGenerator {
  return {
    name: 'autocannon',
    measure: async ({ url, headers, connections, seconds }) => {
      const options = ['-j', '-n', '-t', '20', '-c', String(connections), '-d', String(seconds)];
      const output = await run({
        file: process.execPath,
        args: [script, ...options, ...headerArgs(headers).map((text) => text.replace(': ', '=')), url],
      });
      const report = JSON.parse(output) as { requests: { average: number }; non2xx: number; errors: number };
      if (report.non2xx > 0 || report.errors > 0 || !(report.requests.average > 0)) {
        throw new Error(`${url} under load: ${output}`);
      }
      return report.requests.average;
    },
  };
}

/** Whether a program can be started by its name. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin'];
  return folders.some((folder) => folder !== '' && existsSync(path.join(folder, program)));
}

/** The available load generator: wrk, else autocannon. */
export function chooseLoadGenerator(): LoadGenerator {
  if (isInstalled('wrk')) return wrk;
  try {
    return autocannon(createRequire(path.join(process.cwd(), 'package.json')).resolve('autocannon'));
  } catch {
    throw new Error('No load generator: `apt-get install wrk`, or `npm install --no-save autocannon`.');
  }
}
