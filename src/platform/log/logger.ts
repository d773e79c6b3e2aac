import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';
import pino from 'pino';
import { readableLines } from './readable-lines';
import { RecurringErrors } from './recurring-errors';

/**
 * The structured logger that everything in the process writes to; a child logger carries fixed fields such as a request
 * id.
 */
export type Logger = pino.Logger;

/**
 * Creates the process's logger: one JSON object per line, or a line for people on a terminal. An error that many requests meet at
 * once, during an outage for instance, is written once a second, followed by the number of repetitions.
 *
 * @param level - the lowest level that is written (`trace` … `fatal`, or `silent`)
 * @param destination - a file descriptor; 1 for the server, 2 for the command line, whose output must stay clean; or a stream
 */
export function createLogger(level: string, destination: 1 | 2 | Writable = 1): Logger {
  const output = typeof destination === 'number' ? openOutput(destination) : destination;
  survive(output);
  const log: Logger = pino(
    {
      level,
      base: null,
      formatters: { level: (name) => ({ level: name }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method) {
          if (recurring.admits(args)) method.apply(this, args);
        },
      },
    },
    output,
  );
  const recurring = new RecurringErrors((message, again) => log.warn({ again }, `${message} (again)`));
  return log;
}

type Output = pino.DestinationStream & { on(event: 'error', listener: () => void): unknown };

function openOutput(descriptor: 1 | 2): Output {
  const output = pino.destination({ dest: descriptor, sync: true });
  if (!isatty(descriptor)) return output;
  survive(output);
  return readableLines(output);
}

/** A closed terminal or a full disk must not end the server; those log lines are lost. */
function survive(output: Output): void {
  output.on('error', () => undefined);
}
