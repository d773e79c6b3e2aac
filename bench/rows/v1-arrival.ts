import { randomBytes } from 'node:crypto';
import { fileTree, fresh, gzipped, type Layer } from '../clients/layers';
import { cpuSeconds } from '../measure/cpu';
import { compare, measureRounds, type Contender, type Goal, type Line, type Skipped } from '../measure/figures';
import { baseProgram, startDrydock, type Drydock } from '../servers/drydock';
import { unreadLayers, untilAllRead } from '../servers/unread-layers';
import { pushLayer } from './layer-upload';
import type { Bench, Row } from './row';

const GIGABYTE = 1e9;

/** Old engines compress while they send, and send no faster than this. */
const ENGINE_BYTES_PER_SECOND = 40e6;

/** What is pushed, and how fast. */
interface Kind {
  readonly name: string;
  readonly layer: Layer;
  readonly bytesPerSecond?: number;
}

interface Figures {
  readonly rates: Map<string, number[]>;
  readonly cpu: Map<string, number[]>;
}

/** @param server - the second one is the build before, which does not describe layers */
function contenderOf(bench: Bench, kind: Kind, name: string, server: Drydock, cpu: Figures['cpu']): Contender {
  return {
    name: `${name} ${kind.name}`,
    measure: async () => {
      const { bytes } = fresh(kind.layer);
      const before = cpuSeconds([server.pid]);
      const rate = await pushLayer(server.url, bytes, kind.bytesPerSecond);
      const seconds = cpuSeconds([server.pid]) - before;
      cpu.set(`${name} ${kind.name}`, [
        ...(cpu.get(`${name} ${kind.name}`) ?? []),
        seconds / (bytes.length / GIGABYTE),
      ]);
      if (name === 'Drydock') {
        const unread = await unreadLayers(server);
        bench.progress(`${kind.name}: ${unread === 0 ? 'described on arrival' : 'left to the job'}`);
        await untilAllRead(server); // the next figure must not pay for it
      }
      return rate;
    },
  };
}

function linesOf({ name, layer, bytesPerSecond }: Kind, { rates, cpu }: Figures): Line[] {
  const line = { ours: `Drydock ${name}`, peer: `before ${name}`, peerName: 'the build before' };
  const expansion = (layer.tarBytes / layer.bytes.length).toPrecision(3);
  const what = `v1 push of a layer, ${name} (gzip ${expansion}:1)`;
  const goal: { goal: Goal } | object = bytesPerSecond === undefined ? { goal: { atLeast: 0.85 } } : {};
  return [
    compare(rates, { ...line, ...goal, what, unit: 'MB/s' }),
    compare(cpu, { ...line, what: `${what}, CPU`, unit: 's/GB' }),
  ];
}

/** What it costs a push over v1 that its layers are described while they arrive. */
export const v1Arrival: Row = {
  name: 'v1-arrival',
  needs: [],
  measure: async (bench, resources): Promise<(Line | Skipped)[]> => {
    const program = baseProgram();
    if (program === undefined) return [{ what: 'v1 push of a layer', skipped: 'DRYDOCK_BENCH_BASE names no checkout' }];
    const mebibytes = bench.isQuick ? 32 : 256;
    const tree = gzipped(await fileTree(resources, mebibytes), 6);
    const random = gzipped(randomBytes(mebibytes * 1024 * 1024), 1);
    const kinds: Kind[] = [
      { name: 'files', layer: tree },
      { name: 'random bytes', layer: random },
      { name: 'files at 40 MB/s', layer: tree, bytesPerSecond: ENGINE_BYTES_PER_SECOND },
    ];
    const server = await startDrydock(resources, bench.environment);
    const base = await startDrydock(resources, bench.environment, program);
    const cpu = new Map<string, number[]>();
    const contenders = kinds.flatMap((kind) => [
      contenderOf(bench, kind, 'Drydock', server, cpu),
      contenderOf(bench, kind, 'before', base, cpu),
    ]);
    const rates = await measureRounds(contenders, bench.rounds, bench.progress);
    return kinds.flatMap((kind) => linesOf(kind, { rates, cpu }));
  },
};
