import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { startRadosgw } from '../../bench/servers/radosgw';
import { isProcessOf } from './data-dir';
import { waitUntil } from './wait-until';

export { S3_CREDENTIALS } from '../../bench/servers/radosgw';

const PIDS = 'pids';
const MEBIBYTES = 4096;

/**
 * Starts the store of a run of the tests. Its processes outlive this one; `stopS3Daemons` ends them.
 *
 * @param folder - for its files; it exists, and is empty
 * @returns its address
 */
export async function startS3Daemons(folder: string): Promise<string> {
  return startRadosgw({
    folder,
    mebibytes: MEBIBYTES,
    onStart: (child) => {
      child.unref();
      appendFileSync(path.join(folder, PIDS), `${child.pid}\n`);
    },
  });
}

/** Where the daemons of a run of the tests keep their files. */
export const s3FolderIn = (runFolder: string): string => path.join(runFolder, 's3-server');

/** Ends the daemons of a run, if it has any. */
export async function stopS3Daemons(runFolder: string): Promise<void> {
  const folder = s3FolderIn(runFolder);
  const pids = await readFile(path.join(folder, PIDS), 'utf8').catch(() => '');
  for (const pid of pids.split('\n').filter(Boolean).map(Number)) {
    if (await isProcessOf(folder, pid)) process.kill(pid, 'SIGKILL');
    await waitUntil(`the end of process ${pid}`, async () => !(await isProcessOf(folder, pid)));
  }
}
