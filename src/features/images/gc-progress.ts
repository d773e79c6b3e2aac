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

/** Whether there was anything to free. */
export function hasFreed({ images, manifests, blobs }: FreedAmounts): boolean {
  return images > 0 || manifests > 0 || blobs > 0;
}

/** The sums of all amounts. */
export function totalOf(freed: readonly FreedAmounts[]): FreedAmounts {
  const sum = (amount: keyof FreedAmounts): number => freed.reduce((total, one) => total + one[amount], 0);
  return { images: sum('images'), manifests: sum('manifests'), blobs: sum('blobs'), bytes: sum('bytes') };
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
  private done = 0;
  private total = totalOf([]);

  constructor(
    private readonly watch: GcWatch,
    private readonly repositories: number,
  ) {}

  /** @throws the reason that the signal was aborted with */
  take(freed: FreedAmounts): void {
    this.done += 1;
    this.total = totalOf([this.total, freed]);
    const { blobs: layers, ...amounts } = this.total;
    this.watch.onProgress?.({ repositories: this.repositories, done: this.done, ...amounts, layers });
    this.watch.signal?.throwIfAborted();
  }
}
