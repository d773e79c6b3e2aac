import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultyStore, type FaultyStore } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { startS3Server } from '../helpers/s3-server';
import { allReady, expectCleanFailures, expectNothingLost } from '../hosts/aftermath';
import { startCuttableHosts, type CuttableHosts } from '../hosts/cuttable';
import { areHostsInstalled } from '../hosts/hosts';
import { killHosts } from '../hosts/kills';
import { addUsers, newChains, underLoad, USERS } from '../hosts/load';
import { areNetworksInstalled } from '../hosts/network';
import { MINUTES, print } from './minutes';

/*
 * Three hosts under load. In turns, hosts are killed at random, the bucket refuses for 30 seconds, and one host loses
 * Postgres for 30 seconds, until the time is over and there were 100 kills.
 */

const KILLS = 100;
/** before the bucket refuses; there are more while one host has lost Postgres */
const KILLS_IN_A_TURN = 30;
const AWAY_MS = 30_000;

describeInstalled(areHostsInstalled() && areNetworksInstalled(), 'several hosts', () => {
  let place: CuttableHosts;
  let store: FaultyStore;
  beforeAll(async () => {
    store = await startFaultyStore((await startS3Server()).endpoint);
    place = await startCuttableHosts(store.endpoint);
    await addUsers(place.hub);
  });
  afterAll(async () => {
    await place.close();
    await store.close();
  });

  async function loseBucket(): Promise<void> {
    await store.goDown();
    await sleep(AWAY_MS);
    await store.comeUp();
  }

  /** Kills the other hosts in the meantime, of which one is always there. @returns how often */
  async function losePostgres(): Promise<number> {
    const join = await place.cut();
    const endAt = Date.now() + AWAY_MS;
    const [one, two] = place.hub.hosts;
    const kills = await killHosts(place.hub, () => Date.now() >= endAt, [one, two]);
    await sleep(endAt - Date.now());
    await join();
    return kills;
  }

  it(
    `${MINUTES} minutes of faults lose no image, no object and no row`,
    async () => {
      const { hub } = place;
      const startedAt = Date.now();
      const endAt = startedAt + MINUTES * 60_000;
      const chains = newChains();
      const counts = { kills: 0, outages: 0, cuts: 0, acknowledged: 0 };
      const deeds = await underLoad(hub, chains, async (acknowledged) => {
        while (Date.now() < endAt || counts.kills < KILLS) {
          counts.kills += await killHosts(hub, (kills) => kills === KILLS_IN_A_TURN);
          await allReady(hub);
          await loseBucket();
          counts.outages += 1;
          await allReady(hub);
          counts.kills += await losePostgres();
          counts.cuts += 1;
          await allReady(hub);
          counts.acknowledged = acknowledged();
          print(JSON.stringify({ seconds: Math.round((Date.now() - startedAt) / 1000), ...counts }));
        }
      });
      const cutOff = [...deeds.errors.values()].reduce((sum, count) => sum + count, 0);
      print(`pushes ${counts.acknowledged}, images verified ${deeds.imagesVerified}, deeds cut off ${cutOff}`);
      for (const [kind, count] of deeds.errors) print(`  ${count}  ${kind.slice(0, 120)}`);
      expectCleanFailures(deeds);
      const tags = await expectNothingLost(hub, USERS, chains);
      print(`tags at the end ${tags}, all whole: 0 images lost, 0 rows without objects`);
      print('0 objects without rows after the sweep');
    },
    (MINUTES + 20) * 60_000,
  );
});
