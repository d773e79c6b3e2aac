import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { readFile, writeFile } from 'node:fs/promises';
import { fileTree, fresh, gzipped, type Layer } from '../clients/layers';
import { cpuSeconds } from '../measure/cpu';
import { median, type Line } from '../measure/figures';
import { isInstalled } from '../measure/load';
import { run } from '../measure/processes';
import type { Resources } from '../measure/resources';
import { startDrydock, type Drydock } from '../servers/drydock';
import { untilAllRead } from '../servers/unread-layers';
import { pushLayer } from './layer-upload';
import type { Row } from './row';

const MEGABYTE = 1e6;
const LAYERS = 8;

const FORGET = `update blobs set compression = null, diff_id = null, layer_problem = null, twin_digest = null,
  unread_since = now() where exists (select from image_contents where layer_digest = digest)`;
const QUEUE = `select 1 from graphile_worker.add_job('describe_layers')`;

async function compressed(resources: Resources, tar: Buffer, program: string): Promise<Layer> {
  const file = path.join(await resources.createDir('packed'), 'tar');
  await writeFile(file, tar);
  await run({ file: 'sh', args: ['-c', `${program} -c < "$0" > "$0.packed"`, file] });
  return { bytes: await readFile(`${file}.packed`), tarBytes: tar.length };
}

/** @returns seconds by the clock and of CPU */
async function timeOf(server: Drydock): Promise<{ seconds: number; cpu: number }> {
  await server.sql(FORGET);
  const before = cpuSeconds([server.pid]);
  const startedAt = performance.now();
  await server.sql(QUEUE);
  await untilAllRead(server);
  return { seconds: (performance.now() - startedAt) / 1000, cpu: cpuSeconds([server.pid]) - before };
}

/** A rate of tar against the rate of the stored bytes of the same layers; nothing else does this. */
function lineOf(what: string, layers: readonly Layer[], seconds: readonly number[]): Line {
  const megabytes = (of: (layer: Layer) => number): number =>
    layers.reduce((sum, layer) => sum + of(layer), 0) / MEGABYTE;
  const rates = (total: number): number[] => seconds.map((time) => total / time);
  const [tar, stored] = [rates(megabytes(({ tarBytes }) => tarBytes)), rates(megabytes(({ bytes }) => bytes.length))];
  const ratio = median(tar) / median(stored);
  const line = {
    what,
    goal: undefined,
    unit: 'MB/s',
    ours: median(tar),
    peer: median(stored),
    peerName: 'stored bytes',
  };
  return { ...line, ratio, spread: [Math.min(...tar) / median(stored), Math.max(...tar) / median(stored)] };
}

/** How fast layers are read that nobody read before, one after the other in the background. */
export const backfill: Row = {
  name: 'backfill',
  needs: [],
  measure: async (bench, resources) => {
    const mebibytes = bench.isQuick ? 8 : 64;
    const tree = await fileTree(resources, mebibytes);
    const layers: [string, Layer, number][] = [
      ['files in gzip', gzipped(tree, 6), LAYERS],
      ['random bytes in gzip', gzipped(randomBytes(tree.length), 1), LAYERS],
    ];
    for (const program of ['xz', 'zstd', 'bzip2']) {
      if (isInstalled(program))
        layers.push([`files in ${program}, and their copy in gzip`, await compressed(resources, tree, program), 1]);
    }
    const lines: Line[] = [];
    for (const [name, layer, count] of layers) {
      const server = await startDrydock(resources, bench.environment);
      const pushed = Array.from({ length: count }, () => (count > 1 ? fresh(layer) : layer));
      for (const { bytes } of pushed) await pushLayer(server.url, bytes);
      await untilAllRead(server);
      const seconds: number[] = [];
      for (let round = 0; round < bench.rounds; round += 1) {
        const time = await timeOf(server);
        seconds.push(time.seconds);
        bench.progress(
          `round ${round + 1} of ${bench.rounds}: ${name} ${time.seconds.toFixed(2)} s, CPU ${time.cpu.toFixed(2)} s`,
        );
      }
      lines.push(lineOf(`reading of stored layers, tar of ${name}`, pushed, seconds));
    }
    return lines;
  },
};
