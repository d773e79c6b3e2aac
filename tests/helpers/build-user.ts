import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BuildUser } from '../../src/builder/sandbox/enclosure';
import { isInstalled, isInstalledForRoot, isOnPath } from './installed';

/** Whether builds can run on this machine: as root, who creates the unprivileged user that they run as. */
export function canBuild(): boolean {
  return [
    isInstalledForRoot('unshare', 'util-linux'),
    isInstalled('buildah', '--version'),
    isInstalled('runc', '--version'),
    isOnPath('newuidmap', 'apt-get install uidmap'),
    isOnPath('busybox', 'apt-get install busybox-static'),
  ].every(Boolean);
}

export const BUILD_USER = 'drydock-builder';

/** The unprivileged user of builds, with a range of subordinate ids, as an operator creates it. */
export function ensureBuildUser(): BuildUser {
  // Several test files do so at once.
  const create = `id "$0" || { useradd --system --no-create-home --shell /usr/sbin/nologin "$0" &&
    usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$0"; }`;
  execFileSync('flock', [path.join(tmpdir(), 'build-user.lock'), 'sh', '-c', create, BUILD_USER]);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(option: string): number {
  return Number(execFileSync('id', [option, BUILD_USER]).toString());
}

/** Waits until nothing runs as the user of builds or as one of their subordinate users; what ended may still be there for a moment. */
export async function untilNoBuildRuns(): Promise<void> {
  while (buildProcesses().length > 0) await sleep(20);
}

function buildProcesses(): string[] {
  const own = idOf('-u');
  const lines = execFileSync('ps', ['-eo', 'uid=,pid=,args=']).toString().split('\n');
  return lines.filter((line) => {
    const uid = Number(/^\s*(\d+)/.exec(line)?.[1] ?? 0);
    return uid === own || (uid >= 100_000 && uid < 165_536);
  });
}
