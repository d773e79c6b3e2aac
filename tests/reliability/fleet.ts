import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestImage } from '../helpers/images';
import { differenceOf, engineClient, growChain, Refused, type EngineClient, type Observer } from './engine-client';

/*
 * Many clients whose pushes overlap: chains on shared bases, the same ids, equal layers under other ids, the same tags,
 * in a few repositories of a few users. The id of the tip says what each tag may be.
 */

const BASES = 3;
const TIPS = 12;
const LAYERS = 8;
const FRESH_LAYER_BYTES = 4096;
const TAGS = ['latest', 'one', 'two', 'three'];
const REPOSITORIES = ['app', 'web'];

function pick<T>(choices: readonly T[]): T {
  const choice = choices[Math.floor(Math.random() * choices.length)];
  if (choice === undefined) throw new Error('nothing to pick from');
  return choice;
}

/** The existing images. */
export interface Chains {
  /** Every chain that was ever handed out, by the id of its tip. */
  readonly byTip: ReadonlyMap<string, readonly TestImage[]>;
  /** A chain that others may push at the same moment; now and then a new one replaces an old one. */
  forPush(): readonly TestImage[];
}

/** @param layerBytes - the largest size of a layer */
export function createChains(layerBytes: number): Chains {
  const sizes = Array.from({ length: LAYERS }, (_, index) => Math.ceil((layerBytes * (index + 1)) / LAYERS));
  const layers = sizes.map((size) => randomBytes(size));
  // Most layers equal those of another image; the others disappear with their image.
  const layer = (): Buffer => (Math.random() < 0.7 ? pick(layers) : randomBytes(FRESH_LAYER_BYTES));
  const bases = Array.from({ length: BASES }, () => growChain([], 2, layer));
  const byTip = new Map<string, readonly TestImage[]>();
  const grow = (): readonly TestImage[] => {
    const chain = growChain(pick(bases), 1 + Math.floor(Math.random() * 3), layer);
    byTip.set(chain.at(-1)?.id ?? '', chain);
    return chain;
  };
  for (const base of bases) byTip.set(base.at(-1)?.id ?? '', base);
  const tips = Array.from({ length: TIPS }, grow);
  return {
    byTip,
    forPush: () => {
      if (Math.random() < 0.2) tips[Math.floor(Math.random() * TIPS)] = grow();
      return pick(Math.random() < 0.9 ? tips : bases);
    },
  };
}

/** What the clients did and encountered. */
export interface Deeds {
  pushes: number;
  /** images that were pulled and compared byte for byte */
  imagesVerified: number;
  deletions: number;
  searches: number;
  logins: number;
  readonly errors: Map<string, number>;
}

/** A tag that was moved or deleted between two requests of a pull is not an error. */
function isGone(error: unknown): boolean {
  return error instanceof Refused && error.answer.status === 404 && error.what.startsWith('GET ');
}

interface Place {
  readonly user: string;
  readonly chains: Chains;
  readonly deeds: Deeds;
}

async function pushSome(engine: EngineClient, { user, chains, deeds }: Place): Promise<void> {
  const tags = Math.random() < 0.3 ? [pick(TAGS), pick(TAGS)] : [pick(TAGS)];
  await engine.push(`${user}/${pick(REPOSITORIES)}`, chains.forPush(), tags);
  deeds.pushes += 1;
}

async function pullSome(engine: EngineClient, { user, chains, deeds }: Place): Promise<void> {
  const [repository, tag] = [`${user}/${pick(REPOSITORIES)}`, pick(TAGS)];
  const pulled = await engine.pull(repository, tag).catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
  if (pulled === undefined) return;
  const difference = differenceOf(pulled, chains.byTip.get(pulled[0]?.id ?? '') ?? []);
  if (difference !== undefined) throw new Error(`${repository}:${tag} has ${difference}`);
  deeds.imagesVerified += pulled.length;
}

/** How often a client does each thing, relative to the sum. */
export interface Mix {
  readonly push: number;
  readonly pull: number;
  readonly deleteTag: number;
  readonly search: number;
  readonly login: number;
}

async function doSomething(engine: EngineClient, place: Place, mix: Mix): Promise<void> {
  const { user, deeds } = place;
  let dice = Math.random() * (mix.push + mix.pull + mix.deleteTag + mix.search + mix.login);
  if ((dice -= mix.push) < 0) return pushSome(engine, place);
  if ((dice -= mix.pull) < 0) return pullSome(engine, place);
  if ((dice -= mix.deleteTag) < 0) {
    const path = `/v1/repositories/${user}/${pick(REPOSITORIES)}/tags/${pick(TAGS)}`;
    const { status } = await engine.send({ method: 'DELETE', path, authorization: engine.basic }, [200, 404]);
    if (status === 200) deeds.deletions += 1;
    return;
  }
  if (dice < mix.search) {
    await engine.send({ method: 'GET', path: `/v1/search?q=${pick(REPOSITORIES)}` }, [200]);
    deeds.searches += 1;
    return;
  }
  await engine.login();
  deeds.logins += 1;
}

export interface Fleet {
  /** of each client one; the clients share them evenly */
  readonly users: readonly string[];
  readonly urls: readonly string[];
  readonly clients: number;
  readonly chains: Chains;
  readonly mix: Mix;
  readonly observe?: Observer;
  /** after something failed */
  readonly pauseMs?: number;
  readonly isOver: () => boolean;
}

/** Runs the clients until the time is over; failures are counted by their kind. */
export async function runFleet(fleet: Fleet): Promise<Deeds> {
  const { users, urls, clients, chains, mix, isOver } = fleet;
  const errors = new Map<string, number>();
  const deeds: Deeds = { pushes: 0, imagesVerified: 0, deletions: 0, searches: 0, logins: 0, errors };
  const work = async (index: number): Promise<void> => {
    const user = users[index % users.length] ?? '';
    const engine = engineClient(urls[index % urls.length] ?? '', user, fleet.observe);
    while (!isOver()) {
      try {
        await doSomething(engine, { user, chains, deeds }, mix);
      } catch (error) {
        const kind =
          error instanceof Error ? error.message.replaceAll(/[0-9a-f]{64}|[0-9a-f-]{36}/g, '<id>') : String(error);
        errors.set(kind, (errors.get(kind) ?? 0) + 1);
        await sleep(fleet.pauseMs ?? 0);
      }
    }
    engine.close();
  };
  await Promise.all(Array.from({ length: clients }, (_, index) => work(index)));
  return deeds;
}

/**
 * Pulls every tag of every repository.
 *
 * @returns how many tags there are, and what is wrong with some
 */
export async function pullEverything(
  url: string,
  users: readonly string[],
  chains: Chains,
): Promise<{ tags: number; wrong: string[] }> {
  const wrong: string[] = [];
  let tags = 0;
  for (const user of users) {
    const engine = engineClient(url, user);
    for (const repository of REPOSITORIES.map((name) => `${user}/${name}`)) {
      const path = `/v1/repositories/${repository}/tags`;
      const { status, bytes } = await engine.send({ method: 'GET', path }, [200, 404]);
      const ids = status === 404 ? {} : (JSON.parse(bytes.toString()) as Record<string, string>);
      for (const [tag, id] of Object.entries(ids)) {
        const difference = differenceOf(await engine.pull(repository, tag), chains.byTip.get(id) ?? []);
        if (difference !== undefined) wrong.push(`${repository}:${tag} has ${difference}`);
        tags += 1;
      }
    }
    engine.close();
  }
  return { tags, wrong };
}
