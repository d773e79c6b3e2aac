import bcrypt from 'bcrypt';
import { call } from '../clients/http';
import { compare, measureRounds, type Line } from '../measure/figures';
import type { Resources } from '../measure/resources';
import { BASIC, startDrydock } from '../servers/drydock';
import { CONNECTIONS, type Bench, type Row } from './row';

const COST = 10;
const IN_FLIGHT = 2;

/** Comparisons a second with nothing around them. */
async function bcryptRate(hash: string, seconds: number): Promise<number> {
  const startedAt = Date.now();
  let count = 0;
  const compareOn = async (): Promise<void> => {
    while (Date.now() - startedAt < seconds * 1000) {
      if (!(await bcrypt.compare('bench password', hash))) throw new Error('the password does not match its hash');
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, compareOn));
  return count / ((Date.now() - startedAt) / 1000);
}

/** Asks one URL with Basic again and again, against bcrypt. */
async function againstBcrypt(bench: Bench, resources: Resources, path: string, what: string): Promise<Line> {
  const server = await startDrydock(resources, { DRYDOCK_BCRYPT_COST: String(COST), ...bench.environment });
  const url = `${server.url}${path}`;
  const headers = { Authorization: BASIC };
  await call({ method: 'GET', url, headers });
  const hash = await bcrypt.hash('bench password', COST);
  const { load, seconds } = bench;
  const figures = await measureRounds(
    [
      { name: 'login', measure: () => load.measure({ url, headers, seconds, connections: CONNECTIONS }) },
      { name: 'bcrypt', measure: () => bcryptRate(hash, seconds) },
    ],
    bench.rounds,
    bench.progress,
  );
  const line = { what, goal: { atLeast: 100 }, unit: 'per s', ours: 'login', peer: 'bcrypt' };
  return compare(figures, { ...line, peerName: `bcrypt cost ${COST}, ${IN_FLIGHT} in flight` });
}

/** A login that was verified a moment ago must not cost a bcrypt again. */
export const login: Row = {
  name: 'login',
  needs: [],
  measure: async (bench, resources) => [
    await againstBcrypt(bench, resources, '/v1/users', 'GET /v1/users (login), once verified'),
  ],
};

/** The same for a Bearer token of v2. */
export const v2Token: Row = {
  name: 'v2-token',
  needs: [],
  measure: async (bench, resources) => {
    const path = '/v2/token?service=bench&scope=repository:bench/hot:pull,push';
    return [await againstBcrypt(bench, resources, path, 'GET /v2/token, once verified')];
  },
};
