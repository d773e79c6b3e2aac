import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LayerCache, type CacheLimits } from '../../src/builder/cache/layer-cache';
import { BUILD_USER, canBuild, ensureBuildUser } from '../helpers/build-user';
import { describeInstalled } from '../helpers/installed';

const KIB = 2 ** 10;
const LIMITS: CacheLimits = { bytes: 400 * KIB, bytesEach: 300 * KIB, days: 7 };

describeInstalled(canBuild(), 'the cache of layers', () => {
  const user = ensureBuildUser();
  let parent: string;
  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'builds-'));
    chmodSync(parent, 0o711);
  });

  const open = (changed: Partial<CacheLimits> = {}): Promise<LayerCache> =>
    LayerCache.open(parent, 'overlay', user, { ...LIMITS, ...changed });
  const owner = (id: number) => ({ repositoryId: id, sourceId: id + 100 });
  const target = (): string => path.join(parent, `taken-${Math.random()}`);
  const folder = (): string => path.join(parent, readdirSync(parent).find((name) => name.startsWith('cache-')) ?? '');

  function storage(bytes: number): string {
    const created = mkdtempSync(path.join(parent, 'storage-'));
    writeFileSync(path.join(created, 'layer'), Buffer.alloc(bytes));
    execFileSync('chown', ['-R', BUILD_USER, created]);
    return created;
  }
  async function isKept(cache: LayerCache, id: number): Promise<boolean> {
    const place = target();
    const { isEmpty, begunAt } = await cache.take(owner(id), place);
    if (!isEmpty) await cache.keep(owner(id), place, begunAt);
    return !isEmpty;
  }

  it('hands a storage to one build, and takes it back', async () => {
    const cache = await open();
    const begunAt = cache.beginsNow() - 60;
    await cache.keep(owner(1), storage(10 * KIB), begunAt);
    const place = target();
    expect(await cache.take(owner(1), place)).toEqual({ begunAt, isEmpty: false });
    expect(existsSync(path.join(place, 'layer'))).toBe(true);
    expect(await cache.take(owner(1), target())).toMatchObject({ isEmpty: true });
  });

  it('makes room by removing what was used least recently, and takes nothing that is too large', async () => {
    const cache = await open();
    for (const id of [1, 2]) await cache.keep(owner(id), storage(150 * KIB), cache.beginsNow());
    const [first = ''] = readdirSync(folder()).filter((name) => name.startsWith('1-'));
    utimesSync(path.join(folder(), first), 1, 1);
    await cache.keep(owner(3), storage(150 * KIB), cache.beginsNow());
    await cache.keep(owner(4), storage(350 * KIB), cache.beginsNow());
    expect(await Promise.all([1, 2, 3, 4].map((id) => isKept(cache, id)))).toEqual([false, true, true, false]);
    await open({ bytes: 0 });
    expect(readdirSync(folder())).toEqual([]);
  });

  it('ends after some days, with another source, and with a link instead of a storage (R351)', async () => {
    const cache = await open();
    await cache.keep(owner(1), storage(10), cache.beginsNow() - 8 * 86_400);
    await cache.keep(owner(2), storage(10), cache.beginsNow());
    const link = path.join(parent, 'link');
    symlinkSync('/etc', link);
    await cache.keep(owner(3), link, cache.beginsNow());
    expect(await isKept(cache, 1)).toBe(false);
    expect(await cache.take({ repositoryId: 2, sourceId: 7 }, target())).toMatchObject({ isEmpty: true });
    expect(await isKept(cache, 2)).toBe(false);
    expect(await isKept(cache, 3)).toBe(false);
  });

  it('removes what belongs to an earlier start of the host, half removed layers, and those of sources that are gone', async () => {
    const earlier = path.join(parent, 'cache-0-overlay-00000000');
    mkdirSync(path.join(earlier, '1-101-1-1'), { recursive: true });
    const cache = await open();
    expect(existsSync(earlier)).toBe(false);
    mkdirSync(path.join(folder(), 'removed-0000'));
    for (const id of [1, 2]) await cache.keep(owner(id), storage(10), cache.beginsNow());
    expect(readdirSync(folder())).toHaveLength(2);
    await cache.removeGone((ids) => Promise.resolve(new Set(ids.filter((id) => id === 101))));
    expect(await Promise.all([1, 2].map((id) => isKept(cache, id)))).toEqual([true, false]);
  });
});
