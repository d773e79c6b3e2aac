import pino from 'pino';
import type { Logger } from '../../src/platform/log/logger';

/** A logger, and the lines that it has written. */
export function recordingLogger(level = 'trace'): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: pino({ level }, { write: (line: string) => void lines.push(line) }), lines };
}
