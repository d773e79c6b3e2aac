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

/** Whether a process of any user exists; a zombie counts. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/** The same for a number that was written down: the process that had ours before is dead. */
export function isAnotherProcessAlive(pid: number): boolean {
  return pid !== process.pid && isProcessAlive(pid);
}
