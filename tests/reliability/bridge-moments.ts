import { derive, deriveForEngine, deriveFromZstd, deriveLater, dockerTwinsOfZstd, ZSTD_OF } from './bridge-derivations';
import { backfill, readInBackground, view, viewWithTwins } from './bridge-views';
import { LAYERS_OF, type Kind } from './bridge-work';

/* The moments between two steps of the bridge. */

/** What a kill has left: files without a row, and rows of the repository. */
export interface Left {
  readonly hasStrayFiles: boolean;
  readonly tags: number;
  readonly images: number;
  readonly manifests: number;
  readonly views: number;
  /** images of indexes for other architectures */
  readonly platforms: number;
  /** manifests in docker's format */
  readonly twins: number;
  readonly pending: number;
  /** layers that have been read */
  readonly facts: number;
}

export interface Moment {
  /** between which two steps */
  readonly title: string;
  readonly kind: Kind;
  /** the statement that the server does not get to run */
  readonly next: RegExp;
  /** holds it up; the name of the repository is `$1` */
  readonly lock: string;
  readonly left: Partial<Left>;
}

/** Before the first statement that writes to a table. */
const writesTo = (table: string): Pick<Moment, 'lock' | 'next'> => ({
  lock: `lock table ${table} in share mode`,
  next: new RegExp(`(?:insert into|update|delete from) ${table}\\s`),
});

/** Before the facts of layers are written; other rows of blobs are. */
const writesFacts = (digests: string): Pick<Moment, 'lock' | 'next'> => ({
  lock: `select 1 from blobs where ${digests} for no key update`,
  next: /^update blobs set compression/,
});
const XZ = `digest in (${LAYERS_OF}) and size_bytes > 0`;

const xzView = viewWithTwins(['xz']);
const xzLater = backfill(['xz']);
const zstdLater = deriveLater([deriveFromZstd]);

/** The view of an image whose layers have been read. */
const viewOfRead: Kind = (seeded, repository) => {
  const work = view(seeded, repository);
  return {
    ...work,
    forget: async (on) => {
      await work.forget?.(on);
      expect(await readInBackground(on, repository)).toBe('done');
    },
  };
};

const NO_VIEW = { images: 5, manifests: 0, views: 0 };
const NO_TWIN_VIEW = { images: 2, manifests: 0, views: 0 };
const NOT_PUSHED = { hasStrayFiles: false, tags: 0, images: 0, manifests: 3, views: 0, platforms: 0, pending: 0 };
const NOT_DERIVED = { tags: 4, images: 0, manifests: 6, views: 0, platforms: 0, pending: 3 };

export const MOMENTS: readonly Moment[] = [
  {
    title: 'the bytes of the config of a view and their row',
    kind: viewOfRead,
    ...writesTo('blobs'),
    left: { ...NO_VIEW, hasStrayFiles: true, facts: 5 },
  },
  {
    title: 'the config of a view and its manifest',
    kind: viewOfRead,
    ...writesTo('manifests'),
    left: { ...NO_VIEW, hasStrayFiles: true, facts: 5 },
  },
  {
    title: 'the manifest of a view and the view',
    kind: viewOfRead,
    ...writesTo('image_manifests'),
    left: { ...NO_VIEW, hasStrayFiles: true, facts: 5 },
  },
  {
    title: 'the reading of a layer and its facts',
    kind: view,
    ...writesTo('blobs'),
    left: { ...NO_VIEW, hasStrayFiles: false, facts: 0 },
  },
  {
    title: 'the bytes of a twin and their row',
    kind: xzView,
    ...writesTo('blobs'),
    left: { ...NO_TWIN_VIEW, hasStrayFiles: true, facts: 0 },
  },
  {
    title: 'the row of a twin and the facts of its layer',
    kind: xzView,
    ...writesFacts(XZ),
    left: { ...NO_TWIN_VIEW, hasStrayFiles: true, facts: 1 },
  },
  {
    title: 'twins and the view that needs them',
    kind: xzView,
    ...writesTo('manifests'),
    left: { ...NO_TWIN_VIEW, hasStrayFiles: true, facts: 2 },
  },
  {
    title: 'the bytes of a twin and their row, in the background',
    kind: xzLater,
    lock: `lock table blobs in share mode`,
    next: /^(?:insert into blobs|update blobs set compression)/,
    left: { facts: 0 },
  },
  {
    title: 'the row of a twin and the facts of its layer, in the background',
    kind: xzLater,
    ...writesFacts(XZ),
    left: { views: 0 }, // which layer comes first depends on their digests
  },
  {
    title: 'a pushed manifest and its derived images',
    kind: derive,
    ...writesTo('image_contents'),
    left: NOT_PUSHED,
  },
  {
    title: 'derived images and the record of what they were derived from',
    kind: derive,
    ...writesTo('image_manifests'),
    left: NOT_PUSHED,
  },
  {
    title: 'the images of an index and those for other architectures',
    kind: derive,
    ...writesTo('platform_images'),
    left: { hasStrayFiles: false, platforms: 0, pending: 0 },
  },
  {
    title: 'derived images and the tag',
    kind: derive,
    ...writesTo('tags'),
    left: NOT_PUSHED,
  },
  {
    title: 'the tag of derived images and its history',
    kind: derive,
    ...writesTo('tag_events'),
    left: NOT_PUSHED,
  },
  {
    title: 'a pushed manifest and that its layers have to be unpacked',
    kind: deriveFromZstd,
    ...writesTo('pending_images'),
    left: NOT_PUSHED,
  },
  {
    title: 'the bytes of the twin of a layer and their row, for an image that waits for it',
    kind: zstdLater,
    ...writesTo('blobs'),
    left: { ...NOT_DERIVED, hasStrayFiles: true, facts: 0 },
  },
  {
    title: 'the row of the twin of a layer and its facts, for an image that waits for it',
    kind: zstdLater,
    ...writesFacts(ZSTD_OF),
    left: { ...NOT_DERIVED, facts: 0 },
  },
  {
    title: 'the twin of a layer and the images that wait for it',
    kind: zstdLater,
    ...writesTo('image_contents'),
    left: { ...NOT_DERIVED, facts: 1 },
  },
  {
    title: 'images that are derived in the background and what they were derived from',
    kind: zstdLater,
    ...writesTo('image_manifests'),
    left: NOT_DERIVED,
  },
  {
    title: 'images that are derived in the background and the end of the waiting',
    kind: zstdLater,
    ...writesTo('pending_images'),
    left: NOT_DERIVED,
  },
  {
    title: 'images that are derived in the background and their tag',
    kind: zstdLater,
    ...writesTo('tags'),
    left: NOT_DERIVED,
  },
  {
    title: 'images that are derived for an engine and their tag',
    kind: deriveForEngine,
    ...writesTo('tags'),
    left: { images: 0, views: 0, platforms: 0 },
  },
  {
    title: 'images that are derived for an engine of another architecture and that it gets them',
    kind: deriveForEngine,
    ...writesTo('platform_images'),
    left: { platforms: 0 },
  },
  {
    title: 'the bytes of the twin of a layer and their row, for a manifest in the format of docker',
    kind: dockerTwinsOfZstd,
    ...writesTo('blobs'),
    left: { hasStrayFiles: true, twins: 0, facts: 0 },
  },
  {
    title: 'the twin of a layer and the manifest in the format of docker',
    kind: dockerTwinsOfZstd,
    ...writesTo('manifests'),
    left: { twins: 0, manifests: 6 },
  },
  {
    title: 'the manifest in the format of docker and that it is a twin',
    kind: dockerTwinsOfZstd,
    ...writesTo('manifest_twins'),
    left: { twins: 0, manifests: 6 },
  },
];
