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

/** `proxy`: none, but for the socket in a folder, which the program sees as `/proxy`. */
export type Network = 'none' | 'host' | { readonly proxy: string };

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

/**
 * `$1` is the mount point, `$2` the same for a table of mounts, `$3` the folder, `$4` the network: `none`, `host` or the folder of
 * a proxy, with `$5`, the program of node; the program and its arguments follow. Starting a program takes milliseconds, so that one `mount` does what it can from a table.
 */
const ENTER = `set -eu
root=$1 in_table=$2 folder=$3 network=$4 node=$5
shift 5
mount -t tmpfs -o mode=755,size=64m none "$root"
cd "$root"
mkdir usr etc proc sys dev dev/shm tmp run var var/tmp build old
links= table="/usr $in_table/usr none rbind,ro
proc $in_table/proc proc nosuid,nodev,noexec
"
for each in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$each" ]; then links="$links /$each"
  elif [ -d "/$each" ]; then mkdir "$each"; table="$table/$each $in_table/$each none rbind,ro
"
  fi
done
[ -z "$links" ] || cp -P $links .
for each in null zero full random urandom tty; do : > "dev/$each"; table="$table/dev/$each $in_table/dev/$each none bind
"; done
ln -s /proc/self/fd dev/fd
copied=
if [ "$network" != host ]; then
  table="\${table}sysfs $in_table/sys sysfs ro,nosuid,nodev,noexec
cgroup $in_table/sys/fs/cgroup cgroup2 ro,nosuid,nodev,noexec
"
else
  for each in resolv.conf hosts nsswitch.conf services protocols gai.conf; do
    [ ! -r "/etc/$each" ] || copied="$copied /etc/$each"
  done
  if [ -d /etc/ssl/certs ]; then mkdir -p etc/ssl/certs; table="$table/etc/ssl/certs $in_table/etc/ssl/certs none rbind
"; fi
fi
[ ! -e /etc/ld.so.cache ] || copied="$copied /etc/ld.so.cache"
[ -z "$copied" ] || cp -L $copied etc/
if [ -d /etc/alternatives ]; then mkdir etc/alternatives; table="$table/etc/alternatives $in_table/etc/alternatives none bind,ro
"; fi
echo "$table" > table
mount --all --fstab "$root/table"
mount --bind "$folder" build
if [ "$network" != none ] && [ "$network" != host ]; then
  mkdir proxy
  mount --bind "$network" proxy
  : > node
  mount --bind -o ro "$node" node
  ip link set lo up
fi
echo 0 > proc/sys/user/max_user_namespaces
echo 'root:x:0:0::/build/home:/bin/sh' > etc/passwd
echo 'root:x:0:' > etc/group
chmod 1777 tmp var/tmp
mkdir -p build/home build/tmp
pivot_root . old
cd /build
umount -l /old
rm -d /old /table
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

/** A path in a table of mounts, see fstab(5). */
function inTable(place: string): string {
  return place.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

/** The command that runs a program in an enclosure. Its stdout and stderr are one stream: stdout. */
export function enclosed(
  { folder, mountPoint, network, limits, environment }: Enclosure,
  program: readonly string[],
): Command {
  const { memoryBytes, diskBytes, processes } = limits;
  const rooms = [`--data=${memoryBytes}`, `--fsize=${diskBytes}`, `--nproc=${processes}`, '--core=0', '--nofile=4096'];
  const isolation = network === 'host' ? NAMESPACES : [...NAMESPACES, '--net'];
  const kind = typeof network === 'string' ? network : network.proxy;
  const entering = ['sh', '-c', ENTER, 'sh', mountPoint, inTable(mountPoint), folder, kind, process.execPath];
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
