import { execFileSync } from 'node:child_process';
import { chmod, lutimes, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeInstalled, isInstalledForRoot } from '../../helpers/installed';
import { richImage } from '../rich-image';
import { differencesOf } from './file-tree';
import { treeOfFolder } from './folder';
import { treeOfLayers } from './layers';

describeInstalled(isInstalledForRoot('tar'), 'GNU tar', () => {
  const [layer = Buffer.alloc(0)] = richImage('in a folder').layers;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'drydock-tree-'));
    const all = ['--extract', '--same-permissions', '--numeric-owner', '--xattrs', '--xattrs-include=*'];
    execFileSync('tar', [...all, '--warning=no-timestamp', '--directory', folder], { input: layer });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('unpacks files of every kind as they are understood here', async () => {
    expect(differencesOf(treeOfLayers([layer]), await treeOfFolder(folder))).toEqual([]);
  });

  it('shows a folder in which something is different', async () => {
    await chmod(path.join(folder, 'bin/ping'), 0o700);
    await lutimes(path.join(folder, 'bin/sh'), 5, 5.25);
    await unlink(path.join(folder, 'run/pipe'));
    await writeFile(path.join(folder, 'etc/.wh.empty'), '');
    const differences = differencesOf(treeOfLayers([layer]), await treeOfFolder(folder));
    expect(differences.filter((line) => !/^(?:etc|run): mtime /.test(line))).toEqual([
      'bin/ping: mode 700, not 755',
      'bin/sh: mtime 5.25, not 1400000000',
      expect.stringMatching(/^etc\/\.wh\.empty: not expected$/),
      'run/pipe: missing',
    ]);
  });
});
