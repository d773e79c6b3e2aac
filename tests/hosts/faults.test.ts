import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultyStore, type FaultyStore } from '../helpers/faulty-store';
import { describeInstalled } from '../helpers/installed';
import { startS3Server } from '../helpers/s3-server';
import { waitUntil } from '../helpers/wait-until';
import { crashRounds } from '../reliability/crash-rounds';
import { allReady, expectCleanFailures, expectNothingLost, readiness } from './aftermath';
import { areHostsInstalled, startHosts, type Hosts } from './hosts';
import { killHosts } from './kills';
import { addUsers, newChains, underLoad, USERS } from './load';

/** How often a host is killed during pushes. */
const KILLS = crashRounds(20);
const BUCKET_AWAY_MS = 6000;

describeInstalled(areHostsInstalled(), 'three hosts under load', () => {
  let hub: Hosts;
  let store: FaultyStore;
  const chains = newChains();
  beforeAll(async () => {
    store = await startFaultyStore((await startS3Server()).endpoint);
    hub = await startHosts({ storeEndpoint: store.endpoint });
    await addUsers(hub);
  });
  afterAll(async () => {
    await hub.close();
    await store.close();
  });

  it(`of which one is killed at random ${KILLS} times lose nothing that was acknowledged, and leave nothing behind (R282)`, async () => {
    const deeds = await underLoad(hub, chains, async (acknowledged) => {
      await killHosts(hub, (kills) => kills === KILLS);
      await allReady(hub);
      const before = acknowledged();
      await waitUntil('more pushes', () => acknowledged() > before + 5);
    });
    expectCleanFailures(deeds);
    expect(await expectNothingLost(hub, USERS, chains)).toBeGreaterThan(USERS.length);
  });

  it('say that a bucket refuses, and recover by themselves when it is back (R283)', async () => {
    const deeds = await underLoad(hub, chains, async (acknowledged) => {
      await store.goDown();
      for (const host of hub.hosts) {
        await waitUntil('a failed storage', async () =>
          JSON.stringify(await readiness(host)).includes('"storage":"failed"'),
        );
      }
      await sleep(BUCKET_AWAY_MS);
      await store.comeUp();
      await allReady(hub);
      const before = acknowledged();
      await waitUntil('more pushes', () => acknowledged() > before + 5);
    });
    expectCleanFailures(deeds);
    await expectNothingLost(hub, USERS, chains);
  });
});
