import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBuildFolder, removeBuildFolder, type BuildFolder } from '../../src/builder/sandbox/build-folder';
import { buildImage } from '../../src/builder/sandbox/build-image';
import type { Limits } from '../../src/builder/sandbox/enclosure';
import { runEnclosed } from '../../src/builder/sandbox/run-enclosed';
import { BUILD_USER, canBuild, ensureBuildUser, untilNoBuildRuns } from '../helpers/build-user';
import { describeInstalled } from '../helpers/installed';

const MIB = 2 ** 20;
const LIMITS: Limits = {
  timeMs: 120_000,
  logBytes: 10 * MIB,
  diskBytes: 256 * MIB,
  memoryBytes: 512 * MIB,
  processes: 200,
};
const never = new AbortController().signal;

describeInstalled(canBuild(), 'the sandbox of builds', () => {
  const user = ensureBuildUser();
  const parent = path.join(process.env['TMPDIR'] ?? '', 'builds-in-sandbox');
  let folder: BuildFolder;
  beforeEach(async () => {
    folder = await createBuildFolder(parent, user);
  });
  afterEach(() => removeBuildFolder(folder.path, user));

  /** Writes a context whose first layer is busybox, and builds `lines` on it. */
  async function build(
    lines: readonly string[],
    {
      limits = LIMITS,
      stopping = never,
      files = {},
    }: { limits?: Limits; stopping?: AbortSignal; files?: Record<string, string> } = {},
  ): Promise<string> {
    const source = path.join(folder.files, 'source');
    mkdirSync(source);
    copyFileSync('/bin/busybox', path.join(source, 'busybox'));
    chmodSync(path.join(source, 'busybox'), 0o755);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(source, name), text);
    const base = ['FROM scratch', 'COPY busybox /bin/sh', 'COPY busybox /bin/busybox'];
    writeFileSync(path.join(source, 'Dockerfile'), [...base, ...lines, ''].join('\n'));
    execFileSync('chown', ['-R', BUILD_USER, source]);
    const image = {
      dockerfile: 'source/Dockerfile',
      context: 'source',
      bases: [],
      registry: 'hub.example',
      buildArguments: {},
      secrets: {},
      proxy: undefined,
    };
    let log = '';
    const output = (chunk: Buffer): void => void (log += chunk.toString());
    try {
      await buildImage(image, { folder, user, limits, storageDriver: 'overlay' }, output, stopping);
    } catch (error) {
      throw Object.assign(error as Error, { log });
    }
    return log;
  }

  async function failure(work: Promise<string>): Promise<{ message: string; log: string }> {
    return work.then(
      (log) => ({ message: 'built', log }),
      (error: unknown) => error as { message: string; log: string },
    );
  }

  it('builds RUN and COPY, and leaves the image with one layer for each step', async () => {
    const log = await build(['COPY hello /hello', 'RUN busybox cat /hello && busybox id', 'CMD ["/bin/sh"]'], {
      files: { hello: 'good day\n' },
    });
    expect(log).toMatch(/STEP 4\/6: COPY hello \/hello/);
    expect(log).toMatch(/^good day\nuid=0 gid=0/m);
    const manifest = JSON.parse(readFileSync(path.join(folder.files, 'image', 'manifest.json'), 'utf8')) as {
      layers: unknown[];
    };
    expect(manifest.layers).toHaveLength(4);
  });

  it('gives a build no network: not the loopback, not metadata addresses, not our Postgres, not by ADD (R300)', async () => {
    const asked: string[] = [];
    const server = http.createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('reached');
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const places = [`127.0.0.1 ${port}`, '169.254.169.254 80', '::1 5432', '10.0.0.1 80', '1.1.1.1 443'];
      const tries = places.map((place) => `echo GET / | busybox nc -w 2 ${place}; `).join('');
      const log = await build([`RUN ${tries} busybox ip addr; busybox ls /sys/class/net`]);
      expect(log.match(/^nc: can't connect/gm)).toHaveLength(places.length);
      expect(log).not.toMatch(/reached|eth0|ens/);
      await removeBuildFolder(folder.path, user);
      folder = await createBuildFolder(parent, user);
      const added = await failure(build([`ADD http://127.0.0.1:${port}/added /added`]));
      expect(added.log).toMatch(/network is unreachable/);
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });

  it('shows a build no files of the host, and no processes (R301, R303)', async () => {
    const log = await build([
      'RUN busybox ls -a / /home /root /build; busybox cat /etc/shadow /etc/passwd; busybox ps -o pid,comm; ' +
        'busybox mount -t tmpfs none /bin; busybox mknod /disk b 8 0; ' +
        'echo 1 > /sys/fs/cgroup/cgroup.procs; busybox chroot / true; busybox unshare -U true; true',
    ]);
    expect(log).not.toMatch(/root:[x*$!]|\d node|postgres/m);
    expect(log.match(/^ +\d+ \w+$/gm)).toHaveLength(2);
    expect(log).toMatch(/mount: permission denied/);
    expect(log).toMatch(/mknod: .*Operation not permitted/);
    expect(log).toMatch(/cgroup.procs: Read-only file system/);
    expect(log).toMatch(/unshare.*: No space left on device/); // the limit of user namespaces is 0
  });

  it('shows even the build tools no home folders, no configuration and no other build (R301, R302)', async () => {
    const other = await createBuildFolder(parent, user);
    writeFileSync(path.join(other.files, 'other-build'), 'of somebody else');
    const enclosure = {
      folder: folder.files,
      mountPoint: folder.mountPoint,
      network: 'host',
      user,
      limits: LIMITS,
    } as const;
    let seen = '';
    const look =
      'ls -a / /etc /run /tmp /build; find / -xdev -name "other-*"; ls /home /root /work /var/lib; cat /etc/shadow; ' +
      `ls ${folder.path} ${parent}; ps -eo pid,comm; mount | grep -c " / "; touch /usr/mine; kill -0 ${process.pid}; true`;
    await runEnclosed(enclosure, ['sh', '-c', look], (chunk) => void (seen += chunk.toString()), never);
    await removeBuildFolder(other.path, user);
    expect(seen).not.toMatch(/other-build|ssh|node/);
    expect(seen).toMatch(/\/usr\/mine.*Read-only file system/);
    expect(seen).toMatch(/No such process/);
  });

  it('holds many processes, and leaves none (R304)', async () => {
    const limits = { ...LIMITS, processes: 60, timeMs: 15_000 };
    const { message, log } = await failure(build(['RUN bomb() { bomb | bomb & }; bomb; busybox sleep 3'], { limits }));
    expect(`${message} ${log}`).toMatch(/fork|Resource temporarily unavailable|longer than 15 seconds/);
    await untilNoBuildRuns();
  });

  it('ends a build whose processes use too much memory: one, or all together (R305)', async () => {
    const limits = { ...LIMITS, memoryBytes: 300 * MIB };
    const one = await failure(build(['RUN busybox dd if=/dev/zero of=/dev/null bs=400M count=1'], { limits }));
    expect(`${one.message} ${one.log}`).toMatch(/out of memory/);
    await removeBuildFolder(folder.path, user);
    folder = await createBuildFolder(parent, user);
    const each = 'busybox dd if=/dev/zero of=/dev/null bs=60M count=100000 &';
    const all = await failure(build([`RUN ${`${each} `.repeat(8)} busybox sleep 60`], { limits }));
    expect(all.message).toBe('The build used more than 300 MiB of memory.');
    await untilNoBuildRuns();
  });

  it('ends a build that uses too much disk: one file, or many (R306)', async () => {
    const limits = { ...LIMITS, diskBytes: 64 * MIB };
    const one = await failure(build(['RUN busybox dd if=/dev/zero of=/x bs=1M count=80'], { limits }));
    expect(`${one.message} ${one.log}`).toMatch(/File too large|File size limit|more than 64 MiB of disk/);
    await removeBuildFolder(folder.path, user);
    folder = await createBuildFolder(parent, user);
    const files = 'i=0; while true; do i=$((i+1)); busybox dd if=/dev/zero of=/x$i bs=1M count=4 2>/dev/null; done';
    const many = await failure(build([`RUN ${files}`], { limits }));
    expect(many.message).toBe('The build used more than 64 MiB of disk.');
  });

  it('ends a build that outlives its time, with everything that it started (R307)', async () => {
    const limits = { ...LIMITS, timeMs: 3000 };
    const lines = ['RUN (trap "" TERM HUP INT; busybox setsid busybox sleep 1000) & busybox sleep 1000'];
    const { message } = await failure(build(lines, { limits }));
    expect(message).toBe('The build took longer than 3 seconds.');
    await untilNoBuildRuns();
  });

  it('ends a build at once when it is cancelled', async () => {
    const stopping = new AbortController();
    const work = failure(build(['RUN echo sleeping; busybox sleep 1000'], { stopping: stopping.signal }));
    await sleep(1500);
    stopping.abort(new Error('cancelled'));
    expect((await work).message).toBe('cancelled');
    await untilNoBuildRuns();
  });

  it('fails when a step fails, or when a base image is not there', async () => {
    const { message, log } = await failure(build(['RUN echo before; false']));
    expect(message).toMatch(/A step of the Dockerfile failed/);
    expect(log).toMatch(/before\n/);
    await removeBuildFolder(folder.path, user);
    folder = await createBuildFolder(parent, user);
    const missing = await failure(build(['FROM alice/unknown', 'COPY --from=docker.io/library/x /a /b']));
    expect(missing.log).toMatch(/image not known/);
  });

  it('removes the folder of a build with the files of other users in it', async () => {
    await build([
      'RUN busybox mkdir /deep && echo x > /deep/file && busybox chown -R 1234:1234 /deep && busybox chmod 0 /deep',
    ]);
    await removeBuildFolder(folder.path, user);
    expect(await readdir(parent)).toEqual([]);
    folder = await createBuildFolder(parent, user);
  });
});
