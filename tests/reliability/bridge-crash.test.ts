import { setTimeout as sleep } from 'node:timers/promises';
import { describeInstalled, isInstalled } from '../helpers/installed';
import { startKillableServer, type KillableServer } from '../helpers/killable-server';
import { Seeded } from '../helpers/seeded';
import { expectNothingLeft, expectNoErrors } from './bridge-aftermath';
import { derive, deriveForEngine, deriveFromZstd, deriveLater, dockerTwins } from './bridge-derivations';
import { finishJobs, type Outcome } from './bridge-jobs';
import { pullOverBoth } from './bridge-pulls';
import { differenceOf, stateOf } from './bridge-state';
import { arrive, backfill, view, viewWithTwins } from './bridge-views';
import { startAgain, within } from './bridge-waits';
import type { Kind, Work } from './bridge-work';
import { CRASH_SEED as SEED, crashRounds } from './crash-rounds';

/*
 * Two servers get the same pushes and the same questions. One of them is killed in each round while it works, started
 * again, and asked again. In the end both must be equal.
 */

/** How often the server is killed. */
const ROUNDS = crashRounds(27);
const KINDS: Readonly<Record<string, Kind>> = {
  derive,
  deriveFromZstd,
  deriveLater: deriveLater(),
  deriveForEngine,
  dockerTwins,
  view,
  viewWithTwins: viewWithTwins(),
  arrive,
  backfill: backfill(),
};

let calm: KillableServer;
let killed: KillableServer;
beforeAll(async () => {
  [calm, killed] = await within('two servers', Promise.all([startKillableServer(), startKillableServer()]));
});
afterAll(async () => {
  await calm.close();
  await killed.close();
});

/** A round of work on a repository of its own. */
interface Round {
  readonly name: string;
  readonly seeded: Seeded;
  readonly work: Work;
}

const NAMES = Object.keys(KINDS);

function roundOf(name: string, at: number | string): Round {
  const seeded = new Seeded(`${SEED} ${at}`);
  return { name, seeded, work: (KINDS[name] ?? derive)(seeded, `alice/round${at}`) };
}

const PLAN = Array.from({ length: ROUNDS }, (_, at) => roundOf(NAMES[at % NAMES.length] ?? '', at));

const push = ({ name, work }: Round): Promise<unknown> =>
  within(`pushes to ${name}`, Promise.all([calm, killed].map((place) => work.push(place))));

/** How long work of a kind takes at most, as far as it is known, so that kills come in time on a machine of any speed. */
const times = new Map<string, number>();

async function askFor({ name, work }: Round, place: KillableServer): Promise<void> {
  const before = performance.now();
  expect([name, await work.ask(place)]).toEqual([name, 'done']);
  times.set(name, performance.now() - before);
}

async function playRound(round: Round): Promise<Outcome> {
  const { name, seeded, work } = round;
  for (const place of [calm, killed]) await work.forget?.(place);
  const known = times.get(name);
  await askFor(round, calm);
  const momentMs = seeded.share('the moment of the kill') * (known ?? times.get(name) ?? 0);
  const asked = work.ask(killed);
  await sleep(momentMs);
  await killed.server.end('SIGKILL');
  const outcome = await asked;
  await startAgain(killed);
  await askFor(round, killed);
  if (outcome === 'done') times.set(name, momentMs); // the next kill comes sooner
  return outcome;
}

/** Further rounds, where the work of those in the plan was always done too soon. */
async function playUntilHit(name: string): Promise<Outcome> {
  for (let at = 1; ; at += 1) {
    const round = roundOf(name, `${name.toLowerCase()}${at}`);
    await push(round);
    const outcome = await playRound(round);
    if (outcome === 'cut off') return outcome;
  }
}

async function differences(): Promise<string[]> {
  return differenceOf(await stateOf(killed.database.db), await stateOf(calm.database.db));
}

const PROGRAMS = ['xz', 'bzip2', 'zstd'].map((program) => isInstalled(program, '--version'));

describeInstalled(
  PROGRAMS.every(Boolean),
  `${ROUNDS} kills while one protocol's view of the other one's images is created (seed ${SEED})`,
  () => {
    beforeAll(async () => {
      for (const round of PLAN) await push(round);
    });

    let hits = 0;
    it.each(NAMES)('hit work of the kind %s, which is done when it is asked for again (R265)', async (kind) => {
      const outcomes: Outcome[] = [];
      for (const round of PLAN.filter(({ name }) => name === kind)) outcomes.push(await playRound(round));
      if (!outcomes.includes('cut off')) outcomes.push(await playUntilHit(kind));
      expect(outcomes).toContain('cut off');
      hits += outcomes.filter((outcome) => outcome === 'cut off').length;
    });

    it('hit work, mostly (R265)', () => {
      expect(hits).toBeGreaterThan(ROUNDS / 2);
    });

    it('leave no job in the queue, and no work (R265)', async () => {
      for (const place of [calm, killed]) await finishJobs(place);
    });

    it('leave the state of a server that was never killed (R265)', async () => {
      expect(await differences()).toEqual([]);
    });

    it('leave images that are pulled whole over both protocols (R265)', async () => {
      const pulled = await Promise.all([killed, calm].map(pullOverBoth));
      expect(pulled[0]).toBeGreaterThan(ROUNDS);
      expect(pulled[0]).toBe(pulled[1]);
      expect(await differences()).toEqual([]);
    });

    it('leave nothing that gc and sweeps do not find, and no damage (R265)', async () => {
      const before = await stateOf(killed.database.db);
      for (const place of [calm, killed]) await expectNothingLeft(place);
      expect(differenceOf(await stateOf(killed.database.db), before)).toEqual([]);
      expect(await differences()).toEqual([]);
    });

    it('leave no error in the log (R265)', async () => {
      for (const place of [calm, killed]) await expectNoErrors(place);
    });
  },
);
