import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { BuildUser } from '../../src/builder/sandbox/enclosure';
import { isInstalled, isInstalledForRoot, isOnPath } from './installed';
import { waitUntil } from './wait-until';

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

const CHECKOUT = createHash('sha256').update(__dirname).digest('hex').slice(0, 8);

/**
 * The user of builds. The kernel counts the processes of a user, and tests wait until none is left: so test files that run
 * at once, in this run or in another checkout, have users of their own.
 */
export const BUILD_USER = `drydock-builder-${CHECKOUT}-${process.env['JEST_WORKER_ID'] ?? '0'}`;

/** `$0` is the user. Subordinate ids start behind all others. */
const CREATE = `set -eu
id "$0" 2>/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin "$0"
grep -qs "^$0:" /etc/subuid || {
  first=$(cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: 'BEGIN { end = 100000 } $2 + $3 > end { end = $2 + $3 } END { print end }')
  range=$first-$((first + 65535))
  usermod --add-subuids "$range" --add-subgids "$range" "$0"
}`;

/** Creates the unprivileged user of builds, with a range of subordinate ids, as an operator does. */
export function ensureBuildUser(): BuildUser {
  // Several test files do so at once.
  execFileSync('flock', ['/var/tmp/drydock-build-user.lock', 'sh', '-c', CREATE, BUILD_USER]);
  return { uid: idOf('-u'), gid: idOf('-g') };
}

function idOf(option: string): number {
  return Number(execFileSync('id', [option, BUILD_USER]).toString());
}

function subordinateIds(): { first: number; count: number } {
  const line =
    execFileSync('grep', [`^${BUILD_USER}:`, '/etc/subuid'])
      .toString()
      .split('\n')[0] ?? '';
  const [, first = 0, count = 0] = line.split(':').map(Number);
  return { first, count };
}

/** Waits until nothing runs as the user of builds or as one of their subordinate users; what ended may still be there for a moment. */
export async function untilNoBuildRuns(): Promise<void> {
  await waitUntil('the end of all build processes', () => buildProcesses().length === 0);
}

/** What runs as one of them, a line of `ps` for each. */
export function buildProcesses(): string[] {
  const own = idOf('-u');
  const { first, count } = subordinateIds();
  const lines = execFileSync('ps', ['-eo', 'uid=,pid=,args=']).toString().split('\n');
  return lines.filter((line) => {
    const uid = Number(/^\s*(\d+)/.exec(line)?.[1] ?? 0);
    return uid === own || (uid >= first && uid < first + count);
  });
}
