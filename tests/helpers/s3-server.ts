import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { freePort } from './free-port';

const run = promisify(execFile);

/** A store that speaks S3: radosgw of Ceph, with all data in memory. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Creates a bucket with a new name. */
  createBucket(): Promise<string>;
  close(): Promise<void>;
}

const CREDENTIALS = { accessKeyId: 'drydock', secretAccessKey: 'for-tests-only' };
const REGION = 'us-east-1';

/** One monitor and one disk in memory, without authentication between them. */
function configuration(dir: string, monitor: number, gateway: number): string {
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
memstore device bytes = 1073741824
run dir = ${dir}
admin socket = ${dir}/$name.asok
log file = ${dir}/$name.log
keyring = ${dir}/keyring
[mon.a]
mon data = ${dir}/mon
[osd.0]
osd data = ${dir}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw thread pool size = 32
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

/** Starts one; takes half a minute. */
export async function startS3Server(): Promise<S3Server> {
  const dir = await mkdtemp(path.join(tmpdir(), 'drydock-s3-'));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const file = path.join(dir, 'ceph.conf');
  await writeFile(file, configuration(dir, monitor, gateway));
  for (const folder of ['mon', 'osd']) await mkdir(path.join(dir, folder));
  const env = { ...process.env, CEPH_CONF: file };
  const call = (program: string, ...args: string[]) => run(program, args, { env, timeout: 60_000 });
  const children: ChildProcess[] = [];
  const start = (program: string, ...args: string[]): ChildProcess => {
    const child = spawn(program, ['-f', ...args], { env, stdio: 'ignore' });
    children.push(child);
    return child;
  };

  const keyring = path.join(dir, 'keyring');
  await call('ceph-authtool', keyring, '--create-keyring', '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  const map = path.join(dir, 'monmap');
  const { stdout: fsid } = await call('ceph-conf', '--lookup', 'fsid');
  await call('monmaptool', '--create', '--fsid', fsid.trim(), '--addv', 'a', `[v1:127.0.0.1:${monitor}]`, map);
  await call('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring);
  start('ceph-mon', '-i', 'a');
  await untilItWorks(() => call('ceph', '--connect-timeout', '5', 'status'));
  const disk = randomUUID();
  await call('ceph', 'osd', 'create', disk);
  await call('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
  await call('ceph', 'osd', 'crush', 'add', '0', '1', 'root=default', 'host=lab');
  let osd = start('ceph-osd', '-i', '0');
  await untilItWorks(async () => {
    // One in ten ends at once, as it asks the monitor before it has heard which cluster this is ("wrong fsid").
    if (osd.exitCode !== null) osd = start('ceph-osd', '-i', '0');
    const { stdout } = await call('ceph', 'osd', 'stat');
    if (!stdout.includes('1 up')) throw new Error(`the disk is not up: ${stdout}`);
  });
  start('radosgw', '-n', 'client.rgw');
  const { accessKeyId, secretAccessKey } = CREDENTIALS;
  const user = [
    '--uid=tests',
    '--display-name=tests',
    `--access-key=${accessKeyId}`,
    `--secret-key=${secretAccessKey}`,
  ];
  await call('radosgw-admin', 'user', 'create', ...user);
  const endpoint = `http://127.0.0.1:${gateway}`;
  await untilItWorks(() => fetch(endpoint));

  const client = new S3Client({ region: REGION, endpoint, credentials: CREDENTIALS, forcePathStyle: true });
  return {
    endpoint,
    credentials: CREDENTIALS,
    createBucket: async () => {
      const name = `drydock-${randomBytes(6).toString('hex')}`;
      await client.send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    close: async () => {
      client.destroy();
      const running = children.filter(({ exitCode }) => exitCode === null);
      const ended = running.map((child) => once(child, 'exit'));
      for (const child of running.reverse()) child.kill('SIGKILL');
      await Promise.all(ended);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
