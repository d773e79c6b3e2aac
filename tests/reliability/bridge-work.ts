import type { Test } from 'supertest';
import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../../src/platform/db/db';
import { query } from '../../src/platform/db/query';
import { pushImages, type TestImage } from '../helpers/images';
import type { KillableServer } from '../helpers/killable-server';
import type { Seeded } from '../helpers/seeded';
import { asUser, OCI_INDEX, OCI_MANIFEST } from '../helpers/v2-client';
import { chainOf, compress, ociImage, pushBlobs, pushChains, tarOf } from './bridge-material';

/* What the bridge does for clients and in the background, each as work that a kill may interrupt, and that is asked again. */

/** What became of work: `cut off` if it had begun. */
export type Outcome = 'done' | 'cut off' | 'not begun';

/** Work on a repository. */
export interface Work {
  /** pushes what the work is about */
  prepare(place: KillableServer): Promise<void>;
  /** asks for all of the work at once */
  ask(place: KillableServer): Promise<Outcome>;
}

/** Work that follows from a seed, on a repository that it has to itself. */
export type Kind = (seeded: Seeded, repository: string) => Work;

/** @param refused - what it means that the server does not listen */
async function outcomeOf(work: PromiseLike<unknown>, refused: Outcome = 'not begun'): Promise<Outcome> {
  try {
    await work;
    return 'done';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') return refused;
    if (code === 'ECONNRESET') return 'cut off';
    throw error;
  }
}

/** Sends all requests at once. */
async function outcomeOfAll(requests: readonly Test[]): Promise<Outcome> {
  const outcomes = await Promise.all(requests.map((request) => outcomeOf(request)));
  return outcomes.find((outcome) => outcome === 'cut off') ?? outcomes.find((outcome) => outcome !== 'done') ?? 'done';
}

const POLL_MS = 3;

/** Queues a job; it runs at once. @returns its number */
export async function queueJob(db: Db, name: string): Promise<number> {
  const [job] = await query<{ id: number }>(db, `select id from graphile_worker.add_job($1, '{}'::json)`, [name]);
  if (job === undefined) throw new Error('the job was not queued');
  return job.id;
}

/** Whether the server of the moment has begun a job; those of killed ones stay locked for a while. */
async function isRunning({ database: { db }, startedAt }: KillableServer, name: string): Promise<boolean> {
  const sql = 'select 1 from graphile_worker.jobs where task_identifier = $1 and locked_at >= $2';
  return (await query(db, sql, [name, startedAt])).length > 0;
}

/** Queues a job, and waits until it has done its work or its server has died. */
async function outcomeOfJob(place: KillableServer, name: string, isDone: () => Promise<boolean>): Promise<Outcome> {
  const { db } = place.database;
  const { process } = place.server;
  let id = await queueJob(db, name);
  while (process.signalCode === null) {
    if (await isDone()) return 'done';
    const isQueued = await query(db, 'select 1 from graphile_worker.jobs where id = $1', [id]);
    // It is skipped as long as Postgres has not noticed the end of the run before.
    if (isQueued.length === 0) id = await queueJob(db, name);
    await sleep(POLL_MS);
  }
  if (await isDone()) return 'done';
  return (await isRunning(place, name)) ? 'cut off' : 'not begun';
}

/** Puts manifests under several tags at once, whose images of v1 are derived in the same transactions. */
export const derive: Kind = (seeded, repository) => {
  const base = Array.from({ length: 5 }, (_, at) => tarOf(seeded, `base ${at}`, 1));
  const image = (architecture: string, name: string) => ociImage(architecture, name, [...base, tarOf(seeded, name, 1)]);
  const tagged = ['one', 'two', 'three'].map((tag) => [tag, image('amd64', tag)] as const);
  const children = ['amd64', 'arm64'].map((architecture) => image(architecture, architecture));
  const index = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: children.map(({ described }, at) => {
      return { ...described, platform: { os: 'linux', architecture: ['amd64', 'arm64'][at] } };
    }),
  });
  const put = ({ server }: KillableServer, reference: string, type: string, text: string) =>
    asUser(server, 'put', `/v2/${repository}/manifests/${reference}`).set('Content-Type', type).send(text).expect(201);
  return {
    prepare: async (place) => {
      await pushBlobs(place.server, repository, [...tagged.map(([, each]) => each), ...children]);
      for (const { described, text } of children) await put(place, described.digest, OCI_MANIFEST, text);
    },
    ask: (place) =>
      outcomeOfAll([
        ...tagged.map(([tag, { text }]) => put(place, tag, OCI_MANIFEST, text)),
        ...['latest', 'stable'].map((tag) => put(place, tag, OCI_INDEX, index)),
      ]),
  };
};

/** The number of a repository, whose name is `$1`. */
export const OF_REPOSITORY = `select id from repositories where namespace || '/' || name = $1`;

/** Derives images in the background, for tags that an earlier version has set. */
export const deriveLater: Kind = (seeded, repository) => {
  const { prepare, ask } = derive(seeded, repository);
  return {
    prepare: async (place) => {
      await prepare(place);
      if ((await ask(place)) !== 'done') throw new Error('the tags were not set');
      const { db } = place.database;
      await query(db, `update tags set image_id = null where repository_id in (${OF_REPOSITORY})`, [repository]);
      await query(db, `delete from repository_images where repository_id in (${OF_REPOSITORY})`, [repository]);
      await query(
        db,
        `delete from image_contents c where not exists (select from repository_images i where i.content_id = c.id)`,
      );
    },
    ask: (place) =>
      outcomeOfJob(place, 'derive_images', async () => {
        const sql = `select 1 from tags where image_id is null and repository_id in (${OF_REPOSITORY})`;
        return (await query(place.database.db, sql, [repository])).length === 0;
      }),
  };
};

/** The digests of the layers of a repository, whose name is `$1`. */
export const LAYERS_OF = `select c.layer_digest from repository_images i join image_contents c on c.id = i.content_id
  where i.repository_id in (${OF_REPOSITORY})`;

const READING = 'describe_layers';

/** Waits for the reading that pushes have queued, and keeps it from being tried again. */
async function settleReading(place: KillableServer): Promise<void> {
  const { db } = place.database;
  const due = `select id from graphile_worker.jobs
    where task_identifier = $1 and locked_at is null and attempts < max_attempts`;
  const isDue = async (): Promise<boolean> => (await query(db, `${due} and run_at <= now()`, [READING])).length > 0;
  while ((await isDue()) || (await isRunning(place, READING))) await sleep(POLL_MS);
  await query(db, `select graphile_worker.complete_jobs(array(${due}))`, [READING]);
}

/** Puts the layers of a repository back to how earlier versions stored them: nobody has read them. */
async function forgetFacts(place: KillableServer, repository: string): Promise<void> {
  await settleReading(place);
  const sql = `update blobs set diff_id = null, compression = null, layer_problem = null, twin_digest = null
    where digest in (${LAYERS_OF})`;
  await query(place.database.db, sql, [repository]);
}

/** A repository of v1 whose layers nobody has read. @param chains - by tag */
function unread(repository: string, chains: ReadonlyMap<string, TestImage[]>): Pick<Work, 'prepare'> {
  return {
    prepare: async (place) => {
      await pushChains(place.server, repository, chains);
      await forgetFacts(place, repository);
    },
  };
}

const pull = ({ server }: KillableServer, repository: string, tag: string) =>
  asUser(server, 'get', `/v2/${repository}/manifests/${tag}`).buffer().expect(200);

/** Pushes a chain over v1, whose layers are read while they arrive or soon afterwards. */
export const arrive: Kind = (seeded, repository) => {
  const [gzip, plain, xz] = ['gzip', 'plain', 'xz'].map((name) => tarOf(seeded, name, 1024)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const chain = chainOf(
    seeded,
    [],
    [
      ['gzip', gzipSync(gzip, { level: 1 })],
      ['plain', plain],
      ['empty', Buffer.alloc(0)],
      ['xz', compress('xz', xz)],
    ],
  );
  return {
    prepare: () => Promise.resolve(),
    ask: ({ server }) => outcomeOf(pushImages(server, repository, chain), 'cut off'),
  };
};

/** Pulls images of v1 over v2 for the first time, several tags on one base at once. */
export const view: Kind = (seeded, repository) => {
  const layer = (name: string) => [name, gzipSync(tarOf(seeded, name, 1024), { level: 1 })] as const;
  const base = chainOf(seeded, [], [layer('base'), layer('middle')]);
  const tags = ['one', 'two', 'three'];
  const chains = new Map(tags.map((tag) => [tag, chainOf(seeded, base, [layer(tag)])]));
  return {
    ...unread(repository, chains),
    ask: (place) => outcomeOfAll(tags.map((tag) => pull(place, repository, tag))),
  };
};

/** Chains with layers that need a twin in gzip. */
function chainsForTwins(seeded: Seeded): Map<string, TestImage[]> {
  const base = chainOf(seeded, [], [['empty', Buffer.alloc(0)]]);
  return new Map(
    (['xz'] as const).map((format) => {
      const layer = [format, compress(format, tarOf(seeded, format, 1024))] as const;
      return [format, chainOf(seeded, base, [layer])];
    }),
  );
}

/** Pulls images over v2 whose layers need twins. */
export const twins: Kind = (seeded, repository) => {
  const chains = chainsForTwins(seeded);
  return {
    ...unread(repository, chains),
    ask: (place) => outcomeOfAll([...chains.keys()].map((tag) => pull(place, repository, tag))),
  };
};

/** Has the layers of a repository read in the background. */
export async function readInBackground(place: KillableServer, repository: string): Promise<Outcome> {
  return outcomeOfJob(place, READING, async () => {
    const sql = `select 1 from blobs where digest in (${LAYERS_OF}) and diff_id is null`;
    return (await query(place.database.db, sql, [repository])).length === 0;
  });
}

/** Reads layers in the background that an earlier version has stored. */
export const backfill: Kind = (seeded, repository) => {
  const plain = ['one', 'two', 'three'].map((name) => [name, tarOf(seeded, name, 1024)] as const);
  const chains = new Map([...chainsForTwins(seeded), ['plain', chainOf(seeded, [], plain)]]);
  return { ...unread(repository, chains), ask: (place) => readInBackground(place, repository) };
};
