import { closeSync, openSync, readSync, renameSync, statSync, truncateSync, writeFileSync } from 'node:fs';

const LOG_BYTES = 10 * 1024 * 1024;

/**
 * Moves the end of the server's output to `<logFile>.1` once the file reaches 10 MiB; older output is dropped. Any
 * number of processes may do this at the same time.
 */
export function boundLog(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size < LOG_BYTES) return;
  const end = readAt(logFile, size - LOG_BYTES);
  if (end.length < LOG_BYTES) return; // another process has just moved it
  const draft = `${logFile}.${process.pid}`;
  writeFileSync(draft, end, { mode: 0o600 });
  renameSync(draft, `${logFile}.1`);
  // The server has the file open for appending, so it continues at the new end.
  truncateSync(logFile);
}

/** We avoid `copyFileSync` because it never returns when another process truncates the file while it runs. */
function readAt(file: string, position: number): Buffer {
  const bytes = Buffer.alloc(LOG_BYTES);
  const fd = openSync(file, 'r');
  try {
    let length = 0;
    while (length < LOG_BYTES) {
      const read = readSync(fd, bytes, length, LOG_BYTES - length, position + length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
