import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { Seeded } from '../helpers/seeded';
import { expectNothingLeft, expectNoErrors, finishJobs } from './bridge-aftermath';
import { pullOverBoth } from './bridge-pulls';
import { differenceOf, stateOf } from './bridge-state';
import { arrive, backfill, derive, deriveLater, twins, view, type Kind, type Outcome } from './bridge-work';

/*
 * Two servers get the same pushes and the same questions. One of them is killed in each round while it works, started
 * again, and asked again. In the end both must be equal.
 */

/** How often the server is killed. */
const ROUNDS = 50;
/** `CRASH_SEED=…` repeats a run with the same data and the same share of the work before each kill. */
const SEED = process.env['CRASH_SEED'] ?? randomBytes(4).toString('hex');
const KINDS: readonly Kind[] = [derive, view, twins, arrive, backfill, deriveLater];

let calm: KillableServer;
let killed: KillableServer;
beforeAll(async () => {
  [calm, killed] = await Promise.all([startKillableServer(), startKillableServer()]);
});
afterAll(async () => {
  await calm.close();
  await killed.close();
});

/** The calm server says how long the work takes now, so that kills come in time on a machine of any speed. */
async function playRound(kind: Kind, round: number): Promise<Outcome> {
  const seeded = new Seeded(`${SEED} ${round}`);
  const work = kind(seeded, `alice/round${round}`);
  await Promise.all([calm, killed].map((place) => work.prepare(place)));
  const before = performance.now();
  expect(await work.ask(calm)).toBe('done');
  const workMs = performance.now() - before;
  const asked = work.ask(killed);
  await sleep(seeded.share('the moment of the kill') * workMs);
  await killed.server.end('SIGKILL');
  const outcome = await asked;
  await killed.restart();
  expect(await work.ask(killed)).toBe('done');
  return outcome;
}

async function differences(): Promise<string[]> {
  return differenceOf(await stateOf(killed.database.db), await stateOf(calm.database.db));
}

describe(`${ROUNDS} kills while one protocol's view of the other one's images is created (seed ${SEED})`, () => {
  it('hit work of each kind, which is done when it is asked for again', async () => {
    const outcomes = KINDS.map((): Outcome[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      const at = round % KINDS.length;
      outcomes[at]!.push(await playRound(KINDS[at]!, round));
    }
    const cutOff = outcomes.map((each) => each.filter((outcome) => outcome === 'cut off').length);
    expect(cutOff.reduce((sum, count) => sum + count)).toBeGreaterThan(ROUNDS / 2);
    expect(cutOff).not.toContain(0);
  });

  it('leave no job in the queue', async () => {
    for (const place of [calm, killed]) await finishJobs(place);
  });

  it('leave the state of a server that was never killed', async () => {
    expect(await differences()).toEqual([]);
  });

  it('leave images that are pulled whole over both protocols', async () => {
    const pulled = await Promise.all([killed, calm].map(pullOverBoth));
    expect(pulled[0]).toBeGreaterThan(ROUNDS);
    expect(pulled[0]).toBe(pulled[1]);
    expect(await differences()).toEqual([]);
  });

  it('leave nothing that gc and sweeps do not find, and no damage', async () => {
    const before = await stateOf(killed.database.db);
    for (const place of [calm, killed]) await expectNothingLeft(place);
    expect(differenceOf(await stateOf(killed.database.db), before)).toEqual([]);
    expect(await differences()).toEqual([]);
  });

  it('leave no error in the log', async () => {
    for (const place of [calm, killed]) await expectNoErrors(place);
  });
});
