import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { addUser } from '../helpers/test-server';
import { expectImage, type Pushed } from '../helpers/backups';
import { pushImage } from '../helpers/v2-client';
import { waitUntil } from '../helpers/wait-until';
import { createChains, runFleet, type Chains, type Deeds } from '../reliability/fleet';
import type { Hosts } from './hosts';

/* Clients of both protocols that push and pull through the proxy. */

export const USERS = ['alice', 'bobby', 'carol', 'daisy'];

/** Creates the accounts of the clients. */
export async function addUsers(hub: Hosts): Promise<void> {
  for (const user of USERS) await addUser(hub, user);
}

/** What the clients of v2 have pushed. */
interface PushedOverV2 {
  readonly repository: string;
  readonly image: Pushed['image'];
}

/** Clients at work. */
interface Load {
  /** the number of pushes that were acknowledged, over both protocols */
  readonly acknowledged: () => number;
  /** Ends it, and checks that each push over v2 is there whole. */
  stop(): Promise<Deeds>;
}

const MIX = { push: 5, pull: 3, deleteTag: 1, search: 0, login: 1 };

/** The images of all loads on a hub. */
export const newChains = (): Chains => createChains(96 * 1024);

/** Runs `work` while clients push and pull, and waits for their end. */
export async function underLoad(
  hub: Hosts,
  chains: Chains,
  work: (acknowledged: () => number) => Promise<void>,
  clients = 6,
): Promise<Deeds> {
  const load = startLoad(hub, chains, clients);
  try {
    await waitUntil('the first pushes', () => load.acknowledged() > 5);
    await work(load.acknowledged);
  } catch (error) {
    await load.stop().catch(() => undefined);
    throw error;
  }
  return load.stop();
}

function startLoad(hub: Hosts, chains: Chains, clients: number): Load {
  const overV2: PushedOverV2[] = [];
  let overV1 = 0;
  let isStopped = false;
  const isOver = (): boolean => isStopped;
  const observe = ({ method, path }: { method: string; path: string }, { status }: { status: number }): void => {
    if (method === 'PUT' && path.endsWith('/images') && status === 204) overV1 += 1;
  };
  const pushing = async (): Promise<void> => {
    for (let round = 0; !isOver(); round += 1) {
      const repository = `alice/v2-${round}`;
      try {
        overV2.push({
          repository,
          image: await pushImage(hub, repository, 'latest', { layer: randomBytes(6_000_000) }),
        });
      } catch {
        await sleep(50); // it was cut off
      }
    }
  };
  const fleet = { users: USERS, urls: [hub.url], clients, chains, mix: MIX, observe, pauseMs: 50, isOver };
  const running = Promise.all([runFleet(fleet), pushing()]);
  return {
    acknowledged: () => overV1 + overV2.length,
    stop: async () => {
      isStopped = true;
      const [deeds] = await running;
      for (const { repository, image } of overV2) await expectImage(hub, repository, image);
      return deeds;
    },
  };
}
