import { hasCode } from '../error-code';

/**
 * Sends a signal to a process, and does nothing if it has just ended.
 *
 * @param pid - negative for a group of processes
 * @throws Error when the process belongs to another user
 */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}
