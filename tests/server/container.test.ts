import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import request from 'supertest';
import { startChildServer } from '../helpers/child-server';
import { createCommandPlace } from '../helpers/command-place';
import { createChain, pushImages, startPull } from '../helpers/images';
import { describeInstalled, isInstalledForRoot } from '../helpers/installed';

/*
 * The server in namespaces like those of a container: there it has the process id 1, for which the kernel has no default of SIGTERM and
 * SIGINT, and the disk is read-only.
 */

/** The processes that a process has started. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

const UNSHARE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

describeInstalled(isInstalledForRoot('unshare', 'util-linux'), 'as in a container', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends the server and its worker processes, although its process id is 1',
    async (signal) => {
      const place = await createCommandPlace();
      try {
        const server = await startChildServer({ ...place.environment, DRYDOCK_WORKERS: '2' }, UNSHARE);
        const [first = 0] = childrenOf(server.process.pid ?? 0);
        expect(readFileSync(`/proc/${first}/status`, 'utf8')).toMatch(/^NSpid:\t\d+\t1$/m);
        expect(childrenOf(first)).toHaveLength(2);
        const ended = new Promise<number | null>((resolve) => server.process.once('exit', resolve));
        process.kill(first, signal);
        await expect(ended).resolves.toBe(0);
      } finally {
        await place.close();
      }
    },
  );

  it('needs to write to the data directory only: not to /tmp, nor to the rest of the disk', async () => {
    const place = await createCommandPlace();
    const readOnly = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"';
    const through = ['unshare', '--mount', 'sh', '-c', readOnly, place.dataDir];
    try {
      await place.run('user', 'add', 'alice', '--password', 'alicepw');
      const refused = spawnSync('unshare', [...through.slice(1), 'touch', path.join(tmpdir(), 'x')], {
        encoding: 'utf8',
      });
      expect(refused.stderr).toContain('Read-only file system');
      const server = await startChildServer({ ...place.environment, DRYDOCK_WORKERS: '2' }, through);
      const chain = createChain(2);
      await pushImages(server, 'alice/app', chain);
      const token = await startPull(server, 'alice/app');
      const layer = request(server.url).get(`/v1/images/${chain[1]?.id}/layer`).set('Authorization', token).buffer();
      expect((await layer.expect(200)).body).toEqual(chain[1]?.layer);
      expect(await server.end('SIGTERM')).toBe(0);
    } finally {
      await place.close();
    }
  });
});
