import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { diskUse } from '../../src/builder/sandbox/disk-use';
import { buildProcesses, canBuild, ensureBuildUser, untilNoBuildRuns } from '../helpers/build-user';
import { describeInstalled } from '../helpers/installed';

describeInstalled(canBuild(), 'the bytes of a build', () => {
  const user = ensureBuildUser();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'drydock-disk-use-'));
    writeFileSync(path.join(folder, 'file'), Buffer.alloc(1024 * 1024, 'x'));
    chownSync(folder, user.uid, user.gid);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are counted', async () => {
    const bytes = await diskUse(folder, user);
    expect(bytes).toBeGreaterThanOrEqual(1024 * 1024);
    expect(bytes).toBeLessThan(2 * 1024 * 1024);
  });

  it('leave no process behind when counting them is ended, at whatever moment (R374)', async () => {
    for (let round = 0; round < 100; round += 1) {
      expect(await diskUse(folder, user, AbortSignal.timeout(round % 12))).toBeGreaterThanOrEqual(0);
    }
    await untilNoBuildRuns();
    expect(buildProcesses()).toEqual([]);
    expect(await diskUse(folder, user, AbortSignal.abort())).toBe(0);
  });
});
