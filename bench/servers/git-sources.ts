import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, run, startProcess } from '../measure/processes';
import type { Resources } from '../measure/resources';

/** A repository of git, served by `git daemon`. */
export interface GitSource {
  readonly url: string;
  /** Commits files to the branch master; returns the commit. */
  commit(files: Readonly<Record<string, string | Buffer>>): Promise<string>;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Starts `git daemon` on the loopback. @returns creates a repository in it */
export async function startGit(resources: Resources): Promise<(name: string) => Promise<GitSource>> {
  const root = await resources.createDir('git');
  const port = await freePort();
  const args = ['-c', 'safe.directory=*', 'daemon', '--export-all', '--reuseaddr', `--base-path=${root}`];
  startProcess(resources, { file: 'git', args: [...args, '--listen=127.0.0.1', `--port=${port}`, root] });
  while (!(await accepts(port))) await sleep(20);
  return async (name) => {
    const folder = path.join(root, name);
    const git = (...words: string[]): Promise<string> =>
      run({
        file: 'git',
        args: ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com', ...words],
        cwd: folder,
      });
    await mkdir(folder);
    await git('init', '--quiet', '--initial-branch=master');
    return {
      url: `git://127.0.0.1:${port}/${name}`,
      commit: async (files) => {
        for (const [file, content] of Object.entries(files))
          await writeFile(path.join(folder, file), content, { mode: 0o755 });
        await git('add', '--all');
        await git('commit', '--quiet', '--message', 'Change files');
        return (await git('rev-parse', 'HEAD')).trim();
      },
    };
  };
}
