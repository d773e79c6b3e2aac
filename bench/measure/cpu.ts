import { withDescendants } from './process-tree';

/** CPU seconds that the processes and all their descendants have used so far. */
export function cpuSeconds(roots: readonly number[]): number {
  return withDescendants(roots).reduce((sum, { seconds }) => sum + seconds, 0);
}
