import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../measure/processes';

const run = promisify(execFile);

/** Debian's folder for daemons is not on every PATH. */
const DAEMON_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;

/** Who may use the store. */
export const S3_CREDENTIALS = { accessKeyId: 'drydock', secretAccessKey: 'for-tests-only' };

/** One monitor and one disk in memory, without authentication between them. Deleted objects leave the memory soon. */
function configuration(folder: string, monitor: number, gateway: number, mebibytes: number): string {
  return `[global]
fsid = ${randomUUID()}
mon host = v1:127.0.0.1:${monitor}
mon initial members = a
public addr = 127.0.0.1
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon data avail crit = 1
mon osd full ratio = 0.99
osd objectstore = memstore
memstore device bytes = ${mebibytes * 1024 * 1024}
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log
keyring = ${folder}/keyring
[mon.a]
mon data = ${folder}/mon
[osd.0]
osd data = ${folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw thread pool size = 64
rgw gc obj min wait = 10
rgw gc processor period = 10
`;
}

async function untilItWorks(attempt: () => Promise<unknown>): Promise<void> {
  for (let left = 240; ; left -= 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await sleep(500);
    }
  }
}

/** How to start a store. */
export interface RadosgwOptions {
  /** for its files; it exists, and is empty */
  readonly folder: string;
  /** what it holds at most */
  readonly mebibytes: number;
  /** takes each of its processes, which lead a group of their own; the caller ends them */
  readonly onStart: (child: ChildProcess) => void;
}

/**
 * Starts the daemons of Ceph that are a store that speaks S3, with all data in memory. It takes a quarter of a minute.
 *
 * @returns the address of the store
 */
export async function startRadosgw({ folder, mebibytes, onStart }: RadosgwOptions): Promise<string> {
  const [monitor, gateway] = [await freePort(), await freePort()];
  const file = path.join(folder, 'ceph.conf');
  await writeFile(file, configuration(folder, monitor, gateway, mebibytes));
  for (const name of ['mon', 'osd']) await mkdir(path.join(folder, name));
  const env = { ...process.env, PATH: DAEMON_PATH, CEPH_CONF: file };
  const call = (program: string, ...args: string[]) => run(program, args, { env, timeout: 60_000 });
  const start = (program: string, ...args: string[]): ChildProcess => {
    const options = { env, stdio: 'ignore', detached: true } as const;
    const child = spawn(program, ['-f', '-c', file, ...args], options);
    onStart(child);
    return child;
  };

  const keyring = path.join(folder, 'keyring');
  await call('ceph-authtool', keyring, '--create-keyring', '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  const map = path.join(folder, 'monmap');
  const { stdout: fsid } = await call('ceph-conf', '--lookup', 'fsid');
  await call('monmaptool', '--create', '--fsid', fsid.trim(), '--addv', 'a', `[v1:127.0.0.1:${monitor}]`, map);
  await call('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring);
  start('ceph-mon', '-i', 'a');
  await untilItWorks(() => call('ceph', '--connect-timeout', '5', 'status'));
  const disk = randomUUID();
  // The monitor may refuse commands for moments after it says that it works.
  await untilItWorks(() => call('ceph', 'osd', 'create', disk));
  await call('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
  await untilItWorks(() => call('ceph', 'osd', 'crush', 'add', '0', '1', 'root=default', 'host=lab'));
  let osd = start('ceph-osd', '-i', '0');
  await untilItWorks(async () => {
    // One in ten ends at once, as it asks the monitor before it has heard which cluster this is ("wrong fsid").
    if (osd.exitCode !== null) osd = start('ceph-osd', '-i', '0');
    const { stdout } = await call('ceph', 'osd', 'stat');
    if (!stdout.includes('1 up')) throw new Error(`the disk is not up: ${stdout}`);
  });
  start('radosgw', '-n', 'client.rgw');
  const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
  const keys = [`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`];
  await call('radosgw-admin', 'user', 'create', '--uid=tests', '--display-name=tests', ...keys);
  const endpoint = `http://127.0.0.1:${gateway}`;
  await untilItWorks(() => fetch(endpoint));
  return endpoint;
}
