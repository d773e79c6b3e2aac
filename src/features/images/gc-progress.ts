import type { RepositoryName } from '../access/actor';

/** What was freed, or would be. */
export interface FreedAmounts {
  /** images that no tag reached */
  readonly images: number;
  /** manifests that no tag led to for as long as the settings say */
  readonly manifests: number;
  readonly blobs: number;
  /** of blobs that are not used elsewhere */
  readonly bytes: number;
}

/** The amounts of one repository. */
export type Freed = RepositoryName & FreedAmounts;

export const NOTHING_FREED: FreedAmounts = { images: 0, manifests: 0, blobs: 0, bytes: 0 };

/** Whether there was anything to free. */
export function hasFreed({ images, manifests, blobs }: FreedAmounts): boolean {
  return images > 0 || manifests > 0 || blobs > 0;
}

/** The sum of both. */
export function addFreed(freed: FreedAmounts, more: FreedAmounts): FreedAmounts {
  return {
    images: freed.images + more.images,
    manifests: freed.manifests + more.manifests,
    blobs: freed.blobs + more.blobs,
    bytes: freed.bytes + more.bytes,
  };
}

/** The progress of a gc. A type alias, so that it can be passed as a record of numbers. */
export type GcProgress = Readonly<
  Record<'repositories' | 'done' | 'images' | 'manifests' | 'layers' | 'bytes', number>
>;

/** How to watch a gc, and how to end it. */
export interface GcWatch {
  /** ends it early, between two repositories */
  readonly signal?: AbortSignal;
  /** called after each repository */
  readonly onProgress?: (progress: GcProgress) => void;
}

/** Reports the progress, and checks whether gc shall go on. */
export class ProgressWatch {
  private progress: GcProgress;

  constructor(
    private readonly watch: GcWatch,
    repositories: number,
  ) {
    this.progress = { repositories, done: 0, images: 0, manifests: 0, layers: 0, bytes: 0 };
  }

  /** @throws the reason that the signal was aborted with */
  take({ images, manifests, blobs, bytes }: FreedAmounts): void {
    const { repositories, ...now } = this.progress;
    this.progress = {
      repositories,
      done: now.done + 1,
      images: now.images + images,
      manifests: now.manifests + manifests,
      layers: now.layers + blobs,
      bytes: now.bytes + bytes,
    };
    this.watch.onProgress?.(this.progress);
    this.watch.signal?.throwIfAborted();
  }
}
