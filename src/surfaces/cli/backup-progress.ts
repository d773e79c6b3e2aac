import type { BackupProgress } from '../../features/backups/progress';
import { formatBytes } from './output';
import { ofTotal, ofTotalBytes } from './progress';

const VERBS: Readonly<Record<BackupProgress['part'], string>> = {
  tables: 'Copied',
  layers: 'Copied',
  verifying: 'Read back',
};

/** The progress as a line. */
export function stateOf({ part, done, total, doneBytes, totalBytes }: BackupProgress): string {
  const bytes = totalBytes === undefined ? formatBytes(doneBytes) : ofTotalBytes(doneBytes, totalBytes);
  return `${VERBS[part]} ${ofTotal(done, total, part === 'tables' ? 'tables' : 'layers')}, ${bytes}`;
}
