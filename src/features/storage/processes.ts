import { hostname } from 'node:os';
import type { Places } from '../../blobs/place';
import type { Needs } from '../../context';
import type { Db } from '../../platform/db/db';
import { isAnotherProcessAlive } from '../../platform/process/signals';
import * as store from './places.store';

/*
 * Each process that uses the storage is a row, with a sign of life each minute. So a server that begins to write to a new
 * place, and the end of a copy, know who else is running, on any host.
 */

const SIGN_OF_LIFE_MS = 60_000;
const SILENT_MS = 3 * SIGN_OF_LIFE_MS;
const FORGOTTEN_MS = 24 * 3_600_000;

/** The ids of the places of a process. */
export interface PlaceIds {
  readonly current: string;
  readonly other: string | undefined;
}

function isDead({ host, pid }: store.ProcessRow): boolean {
  return host === hostname() && !isAnotherProcessAlive(pid);
}

/** The processes that use the storage now, but for this one. */
export async function othersAtWork(db: Db): Promise<store.ProcessRow[]> {
  return (await store.listProcesses(db, SILENT_MS)).filter((other) => !isDead(other));
}

/** `2 processes on host-a, host-b`, for a message. */
export function namesOf(processes: readonly store.ProcessRow[]): string {
  const hosts = [...new Set(processes.map(({ host }) => host))].sort();
  return `${processes.length === 1 ? '1 process' : `${processes.length} processes`} on ${hosts.join(', ')}`;
}

/** Records this process, and its signs of life until the result is called. */
export async function recordProcess(
  { db }: Needs<'db'>,
  { current }: Places,
  ids: PlaceIds,
  everyMs = SIGN_OF_LIFE_MS,
): Promise<() => Promise<void>> {
  const row = {
    host: hostname(),
    pid: process.pid,
    writesTo: ids.current,
    reads: ids.other === undefined ? [ids.current] : [ids.current, ids.other],
  };
  await store.forgetProcesses(db, FORGOTTEN_MS);
  let id = await store.addProcess(db, row);
  // If this process was cut off for so long that a copy took its place for empty, others must know of it again.
  const touch = async (): Promise<void> => {
    await store.putPlace(db, ids.current, current.location);
    if (!(await store.touchProcess(db, id))) id = await store.addProcess(db, row);
  };
  const timer = setInterval(() => void touch().catch(() => undefined), everyMs); // the next one may get through
  timer.unref();
  return async () => {
    clearInterval(timer);
    await store.removeProcess(db, id).catch(() => undefined); // it will be forgotten
  };
}
