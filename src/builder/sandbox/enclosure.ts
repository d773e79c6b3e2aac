/*
 * How a program with untrusted input runs: buildah with the Dockerfile of a user, or git with the server that they named.
 *
 * It gets namespaces of its own: of users, mounts, processes, hostname, interprocess communication, cgroups, and of the
 * network unless it needs that. Its root folder has the programs of the host (read-only), a /proc of its own, six devices
 * and the folder of this build at `/build`, and nothing else of the host: no home folders, no configuration, no folder of
 * another build, no socket. It cannot create further user namespaces, in which it could mount file systems of memory. So neither a hostile RUN that leaves its container nor a build tool that is tricked into
 * mounting a path of "the host" finds anything.
 *
 * Everything ends together. The kernel kills the first process when its parent dies (`--kill-child`), the parent when
 * the builder dies (`--pdeathsig`), and with the first process all processes of its namespace.
 */

/** The unprivileged user that runs the programs of builds; undefined: the user of this process, who is unprivileged. */
export interface BuildUser {
  readonly uid: number;
  readonly gid: number;
}

/** What a build may use. */
export interface Limits {
  /** for each program, as a whole */
  readonly timeMs: number;
  /** of output, without what is removed from it */
  readonly logBytes: number;
  /** of everything in the folder of the build, and of each file */
  readonly diskBytes: number;
  /** of all processes together, and of each */
  readonly memoryBytes: number;
  /** of all builds of the user at once */
  readonly processes: number;
}

export type Network = 'none' | 'host';

/** Where a program runs, and what it can reach. */
export interface Enclosure {
  /** An absolute path; the program sees it as `/build`. */
  readonly folder: string;
  /** An empty folder outside of it, on which the new root is mounted; the program does not see it. */
  readonly mountPoint: string;
  readonly network: Network;
  readonly user: BuildUser | undefined;
  readonly limits: Limits;
  /** Added to the few variables that every program gets; other users cannot read them. */
  readonly environment?: Readonly<Record<string, string>>;
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** The environment of every program, instead of that of this process. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH,
  LANG: 'C.UTF-8',
  HOME: '/build/home',
  TMPDIR: '/build/tmp',
  XDG_RUNTIME_DIR: '/run',
};

/** `$1` is the mount point, `$2` the folder, `$3` the network; the program and its arguments follow. */
const ENTER = `set -eu
root=$1 folder=$2 network=$3
shift 3
mount -t tmpfs -o mode=755,size=64m none "$root"
cd "$root"
mkdir usr etc proc sys dev dev/shm tmp run var var/tmp build old
for each in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$each" ]; then cp -P "/$each" .
  elif [ -d "/$each" ]; then mkdir "$each"; mount --rbind "/$each" "$each"; mount -o remount,bind,ro "$each"
  fi
done
mount --rbind /usr usr
mount -o remount,bind,ro usr
for each in null zero full random urandom tty; do : > "dev/$each"; mount --bind "/dev/$each" "dev/$each"; done
ln -s /proc/self/fd dev/fd
chmod 1777 tmp var/tmp
mount --bind "$folder" build
mount -t proc -o nosuid,nodev,noexec proc proc
echo 0 > proc/sys/user/max_user_namespaces
if [ "$network" = none ]; then
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
  mount -t cgroup2 -o ro,nosuid,nodev,noexec cgroup sys/fs/cgroup
else
  for each in resolv.conf hosts nsswitch.conf services protocols gai.conf; do
    [ ! -r "/etc/$each" ] || cp -L "/etc/$each" etc/
  done
  if [ -d /etc/ssl/certs ]; then mkdir -p etc/ssl/certs; mount --rbind /etc/ssl/certs etc/ssl/certs; fi
fi
for each in alternatives ld.so.cache; do [ ! -e "/etc/$each" ] || cp -a "/etc/$each" etc/; done
echo 'root:x:0:0::/build/home:/bin/sh' > etc/passwd
echo 'root:x:0:' > etc/group
pivot_root . old
cd /
umount -l old
rmdir old
mkdir -p /build/home /build/tmp
cd /build
exec "$@" 2>&1`;

const NAMESPACES = [
  '--mount',
  '--pid',
  '--ipc',
  '--uts',
  '--cgroup',
  '--fork',
  '--kill-child',
  '--propagation=private',
];
const MAPPED_USERS = ['--user', '--map-root-user', '--map-auto'];

/** A program with its arguments and environment, for `spawn`. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The command that runs a program in an enclosure. Its stdout and stderr are one stream: stdout. */
export function enclosed(
  { folder, mountPoint, network, limits, environment }: Enclosure,
  program: readonly string[],
): Command {
  const { memoryBytes, diskBytes, processes } = limits;
  const rooms = [`--data=${memoryBytes}`, `--fsize=${diskBytes}`, `--nproc=${processes}`, '--core=0', '--nofile=4096'];
  const isolation = network === 'none' ? [...NAMESPACES, '--net'] : NAMESPACES;
  const entering = ['sh', '-c', ENTER, 'sh', mountPoint, folder, network];
  const args = [
    '--pdeathsig=KILL',
    'prlimit',
    ...rooms,
    'unshare',
    ...MAPPED_USERS,
    ...isolation,
    ...entering,
    ...program,
  ];
  return { program: 'setpriv', args, environment: { ...ENVIRONMENT, ...environment } };
}

/**
 * The command that runs a trusted program on files of builds, which belong to users of the enclosure: for measuring and
 * removing them.
 */
export function onBuildFiles(program: readonly string[]): Command {
  return { program: 'unshare', args: [...MAPPED_USERS, ...program], environment: { PATH, LANG: 'C.UTF-8' } };
}
