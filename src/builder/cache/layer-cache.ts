import { randomBytes } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { removeFiles } from '../sandbox/build-folder';
import type { BuildUser } from '../sandbox/enclosure';
import { diskUse } from '../sandbox/disk-use';
import type { CacheSettings } from '../settings';

/*
 * The layers that builds of a repository leave for its next one: the whole storage of buildah. A build takes the storage by
 * renaming it into its own folder, and hands it back by renaming it when buildah has ended by itself. So a storage is never
 * used by two builds, and one that a killed build has written is removed with the folder of that build.
 */

/** Whose layers: a repository, as long as it has this source. */
export interface CacheOwner {
  readonly repositoryId: number;
  readonly sourceId: number;
}

/** How much is kept on a host. */
export interface CacheLimits extends CacheSettings {
  /** of one repository */
  readonly bytesEach: number;
}

/** The layers of a repository that a build has taken. */
export interface Taken {
  /** When they were begun, in seconds since 1970; now if there are none. */
  readonly begunAt: number;
  readonly isEmpty: boolean;
}

/** A storage, as the name of its folder describes it. */
interface Stored extends CacheOwner {
  readonly name: string;
  /** of the build that began without any, in seconds since 1970 */
  readonly begunAt: number;
  readonly bytes: number;
}

const NAME = /^(\d+)-(\d+)-(\d+)-(\d+)$/;
const DAY_SECONDS = 86_400;

function storedFrom(name: string): Stored | undefined {
  const [, repositoryId, sourceId, begunAt, bytes] = (NAME.exec(name) ?? []).map(Number);
  if (repositoryId === undefined || sourceId === undefined || begunAt === undefined || bytes === undefined)
    return undefined;
  return { name, repositoryId, sourceId, begunAt, bytes };
}

/** On this host alone, whose clock is good enough for it. */
function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** The layers of all repositories on this host; several builders may share it. */
export class LayerCache {
  private constructor(
    private readonly folder: string,
    private readonly user: BuildUser | undefined,
    private readonly limits: CacheLimits,
  ) {}

  /**
   * Opens the cache of a host. After a restart of the host it is empty: what was written just before a loss of power may be
   * incomplete.
   *
   * @param parent - the folder of the builder; the folders of builds are on the same file system
   */
  static async open(
    parent: string,
    storageDriver: string,
    user: BuildUser | undefined,
    limits: CacheLimits,
  ): Promise<LayerCache> {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).slice(0, 8);
    const own = `cache-${user?.uid ?? process.getuid?.() ?? 0}-${storageDriver}-${boot}`;
    await mkdir(path.join(parent, own), { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(path.join(parent, own), user.uid, user.gid);
    const others = (await readdir(parent)).filter((name) => name.startsWith('cache-') && name !== own);
    for (const other of others) {
      await removeFiles(path.join(parent, other), user);
      await rm(path.join(parent, other), { recursive: true, force: true });
    }
    const cache = new LayerCache(path.join(parent, own), user, limits);
    await cache.#bound(limits.bytes);
    return cache;
  }

  /**
   * Gives a build the layers of its repository, as the folder `target`, which must not exist yet.
   */
  async take({ repositoryId, sourceId }: CacheOwner, target: string): Promise<Taken> {
    const now = nowSeconds();
    let begunAt: number | undefined;
    for (const stored of await this.#list()) {
      if (stored.repositoryId !== repositoryId) continue;
      const isGood = stored.sourceId === sourceId && now - stored.begunAt < this.limits.days * DAY_SECONDS;
      if (isGood && begunAt === undefined && (await this.#moved(stored.name, target))) begunAt = stored.begunAt;
      else await this.#remove(stored.name);
    }
    return { begunAt: begunAt ?? now, isEmpty: begunAt === undefined };
  }

  /** When layers are begun that a build does not take from here, for `keep`. */
  beginsNow(): number {
    return nowSeconds();
  }

  /** Drops the layers of a repository. */
  async drop({ repositoryId }: Pick<CacheOwner, 'repositoryId'>): Promise<void> {
    for (const stored of await this.#list()) {
      if (stored.repositoryId === repositoryId) await this.#remove(stored.name);
    }
  }

  /**
   * Keeps the storage of a build whose programs have ended by themselves, for the next build of the repository. Those that
   * were used least recently make room. A storage that is too large is left where it is.
   */
  async keep({ repositoryId, sourceId }: CacheOwner, storage: string, begunAt: number): Promise<void> {
    if (this.limits.bytes === 0) return;
    const found = await lstat(storage).catch(() => undefined);
    if (found?.isDirectory() !== true) return;
    const bytes = await diskUse(storage, this.user);
    const isMeasured = bytes > 0;
    if (!isMeasured || bytes > Math.min(this.limits.bytesEach, this.limits.bytes)) return;
    await this.#bound(this.limits.bytes - bytes);
    const now = nowSeconds();
    await utimes(storage, now, now);
    await rename(storage, path.join(this.folder, `${repositoryId}-${sourceId}-${begunAt}-${bytes}`));
  }

  /** Removes the layers of sources that are gone. @param remaining - gets the ids of sources, and returns those that exist */
  async removeGone(remaining: (sourceIds: number[]) => Promise<ReadonlySet<number>>): Promise<void> {
    const all = await this.#list();
    if (all.length === 0) return;
    const exist = await remaining(all.map(({ sourceId }) => sourceId));
    for (const { name, sourceId } of all) if (!exist.has(sourceId)) await this.#remove(name);
  }

  async #list(): Promise<Stored[]> {
    return (await readdir(this.folder)).flatMap((name) => storedFrom(name) ?? []);
  }

  /** Removes what is left of a removal, then what is older or least recently used, until the rest has this size. */
  async #bound(bytes: number): Promise<void> {
    for (const name of await readdir(this.folder)) if (storedFrom(name) === undefined) await this.#remove(name);
    const dated = await Promise.all(
      (await this.#list()).map(async (stored) => {
        const file = await stat(path.join(this.folder, stored.name)).catch(() => undefined);
        return { ...stored, usedAt: file?.mtimeMs ?? 0 };
      }),
    );
    let left = bytes;
    for (const stored of dated.sort((a, b) => b.usedAt - a.usedAt)) {
      left -= stored.bytes;
      if (left < 0 || nowSeconds() - stored.begunAt >= this.limits.days * DAY_SECONDS) await this.#remove(stored.name);
    }
  }

  /** @returns false when another build or builder was first */
  async #moved(name: string, target: string): Promise<boolean> {
    return rename(path.join(this.folder, name), target).then(
      () => true,
      () => false,
    );
  }

  /** Under another name first, so that nobody takes what is half removed. */
  async #remove(name: string): Promise<void> {
    const doomed = path.join(this.folder, `removed-${randomBytes(8).toString('hex')}`);
    if (await this.#moved(name, doomed)) await removeFiles(doomed, this.user);
  }
}
