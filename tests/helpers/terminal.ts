import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

/** A shell into which lines are typed: variables that one line sets are visible to the next. */
export interface Terminal {
  /** Gives a variable a value. */
  set(name: string, value: string): Promise<void>;
  /** Runs commands; resolves to their output, including errors, line by line. */
  run(commands: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Opens one that sees nothing of this process's environment but the PATH. */
export function openTerminal(): Terminal {
  const shell = spawn('sh', [], { env: { PATH: process.env['PATH'], HOME: '/nonexistent' } });
  const ended = once(shell, 'close');
  let printed = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  }
  const run = async (commands: string): Promise<string[]> => {
    const mark = randomUUID();
    printed = '';
    shell.stdin.write(`${commands}\necho ${mark}\n`);
    while (!printed.includes(mark)) {
      const over = await Promise.race([ended, once(shell.stdout, 'data').then(() => undefined)]);
      if (over !== undefined) throw new Error(`the shell ended: ${printed}`);
    }
    return printed
      .slice(0, printed.indexOf(mark))
      .split('\n')
      .filter((line) => line !== '');
  };
  return {
    run,
    set: async (name, value) => {
      await run(`${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
    },
    close: async () => {
      shell.stdin.end();
      await ended;
    },
  };
}
