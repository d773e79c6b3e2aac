import path from 'node:path';
import { createImageFolder, type ImageFolder } from '../clients/images';
import type { Bench, Row } from './row';
import { compare, measureRounds } from '../measure/figures';
import { run } from '../measure/processes';
import type { Resources } from '../measure/resources';
import { startDockerRegistry, type DockerRegistry } from '../servers/docker-registry';
import { BASIC, startDrydock, type Drydock } from '../servers/drydock';

const LAYERS = 20;
const V1_CLIENT = path.join(__dirname, '../clients/v1-transfer.js');

/** Both clients are processes, and their start counts: that is how they are used. */
async function secondsOf(file: string, args: readonly string[]): Promise<number> {
  await run({ file: 'sync', args: [] });
  const startedAt = performance.now();
  await run({ file, args });
  return (performance.now() - startedAt) / 1000;
}

function v1(action: 'push' | 'pull', server: Drydock, repository: string, dir: string): Promise<number> {
  return secondsOf(process.execPath, [V1_CLIENT, action, server.url, repository, BASIC, dir]);
}

function skopeo(source: string, destination: string): Promise<number> {
  const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
  return secondsOf('skopeo', ['--insecure-policy', 'copy', '-q', ...insecure, source, destination]);
}

interface Transfer {
  readonly bench: Bench;
  readonly resources: Resources;
  readonly server: Drydock;
  readonly registry: DockerRegistry;
  readonly image: () => Promise<ImageFolder>;
}

/** A rate for each: higher is better. A fresh image each time, pushed and then pulled. */
async function takeRates({ bench, resources, server, registry, image }: Transfer): Promise<Map<string, number[]>> {
  const pulls = new Map<string, number[]>([
    ['v1 pull', []],
    ['skopeo pull', []],
  ]);
  let number = 0;
  const folderName = (): string => `bench/image-${(number += 1)}`;
  const pushes = await measureRounds(
    [
      {
        name: 'v1 push',
        measure: async () => {
          const { dir, totalBytes } = await image();
          const repository = folderName();
          const pushed = await v1('push', server, repository, dir);
          const pulled = await v1('pull', server, repository, await resources.createDir('pulled'));
          pulls.get('v1 pull')?.push(totalBytes / 1e6 / pulled);
          return totalBytes / 1e6 / pushed;
        },
      },
      {
        name: 'skopeo push',
        measure: async () => {
          const { dir, totalBytes } = await image();
          const remote = `docker://${new URL(registry.url).host}/${folderName()}:latest`;
          const pushed = await skopeo(`dir:${dir}`, remote);
          const pulled = await skopeo(remote, `dir:${await resources.createDir('pulled')}`);
          pulls.get('skopeo pull')?.push(totalBytes / 1e6 / pulled);
          return totalBytes / 1e6 / pushed;
        },
      },
    ],
    bench.rounds,
    bench.progress,
  );
  return new Map([...pushes, ...pulls]);
}

/** A whole image by an unmodified client, to each server its own. */
export const imageTransfer: Row = {
  name: 'transfer',
  needs: ['docker-registry', 'skopeo'],
  measure: async (bench, resources) => {
    const server = await startDrydock(resources, bench.environment);
    const registry = await startDockerRegistry(resources);
    const mebibytes = bench.isQuick ? 1 : 8;
    const options = { layers: LAYERS, layerBytes: mebibytes * 1024 * 1024 };
    const image = async (): Promise<ImageFolder> => createImageFolder(await resources.createDir('image'), options);
    const figures = await takeRates({ bench, resources, server, registry, image });
    return ['push', 'pull'].map((action) =>
      compare(figures, {
        what: `${action} of ${LAYERS} layers of ${mebibytes} MiB`,
        goal: { atLeast: 1 },
        unit: 'MB/s',
        ours: `v1 ${action}`,
        peer: `skopeo ${action}`,
        peerName: 'skopeo, docker-registry',
      }),
    );
  },
};
