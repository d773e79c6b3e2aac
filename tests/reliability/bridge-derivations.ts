import type { Test } from 'supertest';
import { DERIVE_IMAGES_JOB } from '../../src/features/tags/pending-images';
import { query } from '../../src/platform/db/query';
import type { ChildServer } from '../helpers/child-server';
import type { KillableServer } from '../helpers/killable-server';
import { askAs, type ReaderName } from '../helpers/manifest-readers';
import type { Seeded } from '../helpers/seeded';
import { asUser } from '../helpers/v2-client';
import { outcomeOfJob, untilDone, untilIdle, type Outcome } from './bridge-jobs';
import { ociImage, ociIndex, tarOf, type NewLayer, type Unpushed } from './bridge-material';
import {
  complete,
  OF_REPOSITORY,
  outcomeOfAll,
  pushReferences,
  putManifest,
  type Kind,
  type Work,
} from './bridge-work';

/* What the bridge does with pushes over v2: images for v1, and manifests in docker's format. */

/** Images and an index by their tags, whose top layers are all in one encoding, on one base. */
function pushesOf(seeded: Seeded, top: NewLayer['encoding']): readonly (readonly [tag: string, manifest: Unpushed])[] {
  const layer = (name: string, encoding: NewLayer['encoding'], kibibytes: number): NewLayer => ({
    tar: tarOf(seeded, `${top} ${name}`, kibibytes),
    encoding,
  });
  const base = ['base', 'middle'].map((name) => layer(name, 'gzip', 1));
  const image = (architecture: string, name: string): Unpushed =>
    ociImage(architecture, name, [...base, layer(name, top, top === 'zstd' ? 200 : 1)]);
  const index = ociIndex({
    'linux/amd64': image('amd64', 'amd64'),
    'linux/arm64': image('arm64', 'arm64'),
    'linux/arm/v7': image('arm', 'arm'),
  });
  return [
    [`${top}-one`, image('amd64', 'one')],
    [`${top}-two`, image('amd64', 'two')],
    [`${top}-index`, index],
    [`${top}-stable`, index],
  ];
}

/** Asks for the tags as an engine of v1 does. */
function askForTags(server: ChildServer, repository: string, arch: string): Test {
  return asUser(server, 'get', `/v1/repositories/${repository}/tags`)
    .set('User-Agent', `docker/1.9.1 os/linux arch/${arch}`)
    .expect(200);
}

/** Whether no tag of a repository waits for images. */
async function isDerived({ database: { db } }: KillableServer, repository: string): Promise<boolean> {
  const sql = `select 1 from pending_images p join manifests m on m.id = p.manifest_id
    where m.repository_id in (${OF_REPOSITORY})`;
  return (await query(db, sql, [repository])).length === 0;
}

function derivation(seeded: Seeded, repository: string, top: NewLayer['encoding']): Work {
  const pushes = pushesOf(seeded, top);
  return {
    push: (place) =>
      pushReferences(
        place,
        repository,
        pushes.map(([, manifest]) => manifest),
      ),
    ask: async (place) => {
      const put = await outcomeOfAll(pushes.map(([tag, each]) => putManifest(place, repository, tag, each)));
      if (put !== 'done') return put;
      const got = await outcomeOfAll([askForTags(place.server, repository, 'amd64')]);
      // What is done by now may be only a part: engines of other architectures come later.
      return got === 'done' ? untilDone(place, 'images', () => isDerived(place, repository)) : 'cut off';
    },
  };
}

/** Puts manifests under several tags at once, whose images of v1 are derived in the same transactions. */
export const derive: Kind = (seeded, repository) => derivation(seeded, repository, 'gzip');

/** The same with layers that have to be unpacked before, by a job and by the first engine that asks. */
export const deriveFromZstd: Kind = (seeded, repository) => derivation(seeded, repository, 'zstd');

/** The layers in zstd of a repository whose name is `$1`. */
export const ZSTD_OF = `compression = 'zstd'
  and digest in (select digest from repository_blobs where repository_id in (${OF_REPOSITORY}))`;

/** Puts layers in zstd back to how they were pushed: nobody has unpacked them. */
async function forgetZstd({ database: { db } }: KillableServer, repository: string): Promise<void> {
  await query(db, `update blobs set diff_id = null, twin_digest = null where ${ZSTD_OF}`, [repository]);
}

/** Tags as the migration leaves them that earlier versions have set: it is not known which images v1 clients get. */
async function forgetImages({ database: { db } }: KillableServer, repository: string): Promise<void> {
  const ofTags = `select manifest_id from tags where repository_id in (${OF_REPOSITORY})`;
  await query(db, `update tags set image_id = null where repository_id in (${OF_REPOSITORY})`, [repository]);
  await query(db, `delete from repository_images where repository_id in (${OF_REPOSITORY})`, [repository]);
  await query(
    db,
    'delete from image_contents c where not exists (select from repository_images i where i.content_id = c.id)',
  );
  await query(db, `insert into pending_images (manifest_id) select distinct manifest_id from (${ofTags}) t`, [
    repository,
  ]);
}

/** Pushes over v2, with all that the bridge does with them. */
async function completeAll(works: readonly Work[], place: KillableServer): Promise<void> {
  for (const work of works) await complete(work, place);
  await untilIdle(place, DERIVE_IMAGES_JOB);
}

const BOTH: readonly Kind[] = [derive, deriveFromZstd];

/** What v1 clients get of pushes that were made before. @param pushes - what was pushed */
const derivedLater =
  (pushes: readonly Kind[], ask: (place: KillableServer, repository: string) => Promise<Outcome>): Kind =>
  (seeded, repository) => {
    const works = pushes.map((push) => push(seeded, repository));
    return {
      push: (place) => completeAll(works, place),
      forget: async (place) => {
        await forgetZstd(place, repository);
        await forgetImages(place, repository);
      },
      ask: (place) => ask(place, repository),
    };
  };

/** Derives images in the background, for tags that an earlier version has set. */
export const deriveLater = (pushes: readonly Kind[] = BOTH): Kind =>
  derivedLater(pushes, (place, repository) =>
    outcomeOfJob(place, DERIVE_IMAGES_JOB, () => isDerived(place, repository)),
  );

/** The same for the first engine that asks. */
export const deriveForEngine: Kind = derivedLater(BOTH, ({ server }, repository) =>
  outcomeOfAll([askForTags(server, repository, 'arm64')]),
);

/** Who asks for which tag of pushes in gzip. */
const GZIP_READERS: readonly (readonly [ReaderName, tag: string])[] = [
  ['docker 18.09', 'gzip-one'],
  ['a script for schema 2', 'gzip-two'],
  ['docker 18.09', 'gzip-index'],
  ['docker 18.09 on arm64', 'gzip-index'],
];

const ZSTD_READERS: typeof GZIP_READERS = [
  ['docker 18.09', 'zstd-one'],
  ['docker 20.10', 'zstd-two'],
  ['docker 22.06', 'zstd-index'],
  ['docker 18.09 on arm64', 'zstd-stable'],
];

const twinsOf =
  (pushes: readonly Kind[], readers: typeof GZIP_READERS): Kind =>
  (seeded, repository) => {
    const works = pushes.map((push) => push(seeded, repository));
    return {
      push: (place) => completeAll(works, place),
      forget: (place) => forgetZstd(place, repository),
      ask: ({ server }) =>
        outcomeOfAll(
          readers.map(([reader, tag]) => askAs(server, reader, `${repository}/manifests/${tag}`).buffer().expect(200)),
        ),
    };
  };

/** Pulls manifests with engines that cannot read them, and get docker's format with layers in gzip. */
export const dockerTwins = twinsOf(BOTH, [...GZIP_READERS, ...ZSTD_READERS]);
/** The same of images whose layers have to be unpacked before. */
export const dockerTwinsOfZstd = twinsOf([deriveFromZstd], ZSTD_READERS);
