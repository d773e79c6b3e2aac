import { DESCRIBE_LAYERS_JOB } from '../../src/features/storage/read-layers';
import { query } from '../../src/platform/db/query';
import { pushImages, type TestImage } from '../helpers/images';
import type { KillableServer } from '../helpers/killable-server';
import type { Seeded } from '../helpers/seeded';
import { asUser } from '../helpers/v2-client';
import { outcomeOfJob, untilIdle, type Outcome } from './bridge-jobs';
import { chainOf, ENCODINGS, tarOf, type Encoding } from './bridge-material';
import { LAYERS_OF, outcomeOf, outcomeOfAll, type Kind } from './bridge-work';

/* What the bridge does with pushes over v1: layers are read, and images get manifests. */

type Chains = ReadonlyMap<string, TestImage[]>;

/** Puts the layers of a repository back to how earlier versions stored them: nobody has read them. */
async function forgetFacts(place: KillableServer, repository: string): Promise<void> {
  await untilIdle(place, DESCRIBE_LAYERS_JOB);
  const sql = `update blobs set compression = null, diff_id = null, layer_problem = null, twin_digest = null,
    unread_since = now() where digest in (${LAYERS_OF})`;
  await query(place.database.db, sql, [repository]);
}

/** Pushes chains over v1, by their tags. */
async function pushAll({ server }: KillableServer, repository: string, chains: Chains): Promise<void> {
  for (const [tag, chain] of chains) await pushImages(server, repository, chain, { tag });
}

const pullAll = ({ server }: KillableServer, repository: string, tags: Iterable<string>): Promise<Outcome> =>
  outcomeOfAll(
    [...tags].map((tag) => asUser(server, 'get', `/v2/${repository}/manifests/${tag}`).buffer().expect(200)),
  );

const KIBIBYTES = 200;
const layerOf = (seeded: Seeded, name: string, encoding: Encoding) =>
  [name, ENCODINGS[encoding](tarOf(seeded, name, KIBIBYTES))] as const;

/** Several tags on one base, in what all clients read. */
function readable(seeded: Seeded): Chains {
  const base = chainOf(seeded, [], [layerOf(seeded, 'base', 'gzip'), layerOf(seeded, 'middle', 'plain')]);
  return new Map(['one', 'two', 'three'].map((tag) => [tag, chainOf(seeded, base, [layerOf(seeded, tag, 'gzip')])]));
}

/** A tag for each of `encodings`, which need twins, on a layer of no bytes, which needs one, too. */
export function withTwins(seeded: Seeded, encodings: readonly Encoding[]): Chains {
  const base = chainOf(seeded, [], [layerOf(seeded, 'empty', 'empty')]);
  return new Map(encodings.map((each) => [each, chainOf(seeded, base, [layerOf(seeded, each, each)])]));
}

const NEED_TWINS = ['xz', 'bzip2', 'zstd'] as const;

/** A kind of work on chains that nobody has read. */
const onUnread =
  (
    chainsOf: (seeded: Seeded) => Chains,
    ask: (place: KillableServer, name: string, chains: Chains) => Promise<Outcome>,
  ): Kind =>
  (seeded, repository) => {
    const chains = chainsOf(seeded);
    return {
      push: (place) => pushAll(place, repository, chains),
      forget: (place) => forgetFacts(place, repository),
      ask: (place) => ask(place, repository, chains),
    };
  };

/** Pulls images of v1 over v2 for the first time, several tags on one base at once. */
export const view = onUnread(readable, (place, name, chains) => pullAll(place, name, chains.keys()));

/** The same of images whose layers need twins. */
export const viewWithTwins = (encodings: readonly Encoding[] = NEED_TWINS): Kind =>
  onUnread(
    (seeded) => withTwins(seeded, encodings),
    (place, name, chains) => pullAll(place, name, chains.keys()),
  );

/** Has the layers of a repository read in the background. */
export function readInBackground(place: KillableServer, repository: string): Promise<Outcome> {
  return outcomeOfJob(place, DESCRIBE_LAYERS_JOB, async () => {
    const sql = `select 1 from blobs where digest in (${LAYERS_OF}) and unread_since is not null`;
    return (await query(place.database.db, sql, [repository])).length === 0;
  });
}

/** Reads layers in the background that an earlier version has stored. */
export const backfill = (encodings: readonly Encoding[] = NEED_TWINS): Kind =>
  onUnread(
    (seeded) => new Map([...withTwins(seeded, encodings), ...readable(seeded)]),
    (place, name) => readInBackground(place, name),
  );

/** Pushes a chain over v1, whose layers are read while they arrive or soon afterwards. */
export const arrive: Kind = (seeded, repository) => {
  const layers = Object.keys(ENCODINGS).map((encoding) => layerOf(seeded, encoding, encoding as Encoding));
  const chain = chainOf(seeded, [], layers);
  return {
    push: () => Promise.resolve(),
    ask: ({ server }) => outcomeOf('a push', pushImages(server, repository, chain), 'cut off'),
  };
};
