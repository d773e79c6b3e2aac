import pino from 'pino';

/** The structured logger that everything in the process writes to; a child carries fixed fields such as a request id. */
export type Logger = pino.Logger;

/**
 * Makes the process's logger: one JSON object a line.
 *
 * @param level - the lowest level that is written (`trace` … `fatal`, or `silent`)
 * @param destination - a file descriptor; 1 for the server, 2 for the command line, whose output must stay clean
 */
export function createLogger(level: string, destination: 1 | 2 = 1): Logger {
  const output = pino.destination({ dest: destination, sync: true });
  // A terminal that was closed, or a full disk, must not end the server: what it would say is lost.
  output.on('error', () => undefined);
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, output);
}
