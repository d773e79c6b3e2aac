import { setTimeout as sleep } from 'node:timers/promises';
import { compare, measureRounds, type Line } from '../measure/figures';
import { proportionalMebibytes } from '../measure/memory';
import { startDrydock } from '../servers/drydock';
import type { Row } from './row';

const GOAL_MEBIBYTES = 300;
const SETTLE_MS = 60_000;

/** The memory of a server that does nothing, a minute after its start, with its Postgres and what they share counted once. */
export const idleMemory: Row = {
  name: 'idle-memory',
  needs: [],
  measure: async (bench, resources): Promise<Line[]> => {
    const server = await startDrydock(resources, bench.environment);
    await sleep(bench.isQuick ? 1000 : SETTLE_MS);
    const [, postgres = 0] = server.pids;
    const contender = (name: string, pid: number) => ({
      name,
      measure: () => Promise.resolve(proportionalMebibytes([pid])),
    });
    const goal = { name: 'goal', measure: () => Promise.resolve(GOAL_MEBIBYTES) };
    const contenders = [contender('all', server.pid), contender('Postgres', postgres), goal];
    const figures = await measureRounds(contenders, 1, bench.progress);
    const what = 'memory of an idle server (PSS)';
    const against = { unit: 'MiB', peer: 'goal', peerName: `${GOAL_MEBIBYTES} MiB` };
    return [
      compare(figures, { ...against, what: `${what}, with its Postgres`, goal: { atMost: 1 }, ours: 'all' }),
      compare(figures, { ...against, what: `${what}, of it Postgres`, ours: 'Postgres' }),
    ];
  },
};
