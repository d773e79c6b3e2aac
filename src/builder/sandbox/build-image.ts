import path from 'node:path';
import { BuildFailure } from '../build-failure';
import { openWithin, type BuildFolder } from './build-folder';
import type { BuildUser, Limits } from './enclosure';
import { ProgramFailed, runEnclosed, type Output } from './run-enclosed';

/** An image that a Dockerfile may name, as files of skopeo's `dir:` format in the folder of the build. */
export interface LocalBase {
  /** Below the files of the build, such as `bases/0`. */
  readonly folder: string;
  /** With a host and a tag: `hub.example.com/library/debian:latest`. */
  readonly names: readonly string[];
}

/** What is built; all paths are below the files of the build. */
export interface ImageToBuild {
  readonly dockerfile: string;
  readonly context: string;
  readonly bases: readonly LocalBase[];
  /** The host of names without one: this hub. */
  readonly registry: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** Files for RUN --mount=type=secret; their names are words. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The folder of the proxy by which steps reach the network; undefined: they have none. */
  readonly proxy: string | undefined;
}

/** An image that was built. */
export interface BuiltImage {
  /** In `dir:` format. */
  readonly image: string;
  /** How long buildah itself took. */
  readonly toolMs: number;
}

/** buildah has ended by itself, without an image. */
export class DockerfileFailed extends BuildFailure {
  constructor() {
    super('A step of the Dockerfile failed; the log says why.');
  }
}

/** Where and within what an image is built. */
export interface Sandbox {
  readonly folder: BuildFolder;
  readonly user: BuildUser | undefined;
  readonly limits: Limits;
  readonly storageDriver: 'overlay' | 'vfs';
}

/** Passes connections on from the loopback of the enclosure, which is all that a step reaches, to the socket of the proxy. */
const RELAY = `const net = require('net');
net.createServer({ allowHalfOpen: true }, (client) => {
  const proxy = net.connect({ path: '/proxy/socket', allowHalfOpen: true });
  client.on('error', () => proxy.destroy()).pipe(proxy).on('error', () => client.destroy()).pipe(client);
}).listen(3128, '127.0.0.1', () => require('fs').writeFileSync('/run/relay', ''));`;

/**
 * crun 1.8 does not start on hosts with both versions of cgroups, so the runtime is named. The network is none twice:
 * that of the whole enclosure, for ADD of a URL, and that of each RUN. With a proxy, steps have that of the enclosure, in which
 * there is nothing but the proxy.
 *
 * `$1` is the driver, `$2` the Dockerfile, `$3` the context, `$4` the registry, `$5` the number of build arguments, which
 * follow; then for each base its folder and names, with `--` behind the last. The names of secrets are in `$SECRETS`, and
 * their values in `$SECRET_0` and so on: they become files in memory, outside of what a step sees.
 */
const BUILD = `set -eu
driver=$1 dockerfile=$2 context=$3 registry=$4 count=$5
shift 5
mkdir -p /etc/containers
echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json
printf 'unqualified-search-registries = ["%s"]\\nshort-name-mode = "disabled"\\n' "$registry" > /etc/containers/registries.conf
in_storage() {
  read -r from _ < /proc/uptime
  result=0
  buildah --root /build/storage --runroot /run/storage --storage-driver "$driver" "$@" || result=$?
  read -r to _ < /proc/uptime
  echo "$from $to" >> /build/times
  return "$result"
}
network=none
if [ -S /proxy/socket ]; then
  network=host
  /node -e "$RELAY" &
  while [ ! -e /run/relay ]; do sleep 0.01; done
  export http_proxy=http://127.0.0.1:3128 no_proxy=localhost,127.0.0.1
  export https_proxy=$http_proxy HTTP_PROXY=$http_proxy HTTPS_PROXY=$http_proxy NO_PROXY=$no_proxy
fi
unset RELAY
secrets= at=0
if [ -n "\${SECRETS-}" ]; then mkdir -m 700 /secrets; fi
for name in \${SECRETS-}; do
  eval "printf %s \\"\\$SECRET_$at\\"" > "/secrets/$name"
  unset "SECRET_$at"
  secrets="$secrets --secret id=$name,src=/secrets/$name" at=$((at + 1))
done
unset SECRETS
arguments=$#
while [ "$count" -gt 0 ]; do set -- "$@" --build-arg "$1"; shift; count=$((count - 1)); arguments=$((arguments - 1)); done
while [ "$arguments" -gt 0 ]; do
  id=$(in_storage pull --quiet "dir:/build/$1" 2>&1) || { echo "$id"; exit 1; }
  shift; arguments=$((arguments - 1))
  while [ "$1" != -- ]; do in_storage tag "$id" "$1"; shift; arguments=$((arguments - 1)); done
  shift; arguments=$((arguments - 1))
done
in_storage build --layers --pull-never --isolation rootless --runtime "$(command -v runc)" --network $network \\
  --format docker --tag localhost/built --iidfile /build/image-id $secrets "$@" --file "/build/$dockerfile" "/build/$context" || {
  # The container of a step that failed has its secrets, and the storage is kept for the next build.
  in_storage rm --all >/dev/null 2>&1 || rm -rf /build/storage
  exit 1
}
in_storage push --quiet --format v2s2 localhost/built dir:/build/image >/dev/null`;

/**
 * Builds an image without a network, and leaves it in `dir:` format in the folder of the build.
 *
 * @param output - receives what buildah and the RUN steps write
 * @param stopping - ends the build at once
 * @returns the folder of the image, and how long buildah itself took
 * @throws DockerfileFailed; BuildFailure when the build exceeds a limit
 */
export async function buildImage(
  image: ImageToBuild,
  { folder, user, limits, storageDriver }: Sandbox,
  output: Output,
  stopping: AbortSignal,
): Promise<BuiltImage> {
  const { dockerfile, context, bases, registry } = image;
  const given = Object.entries(image.buildArguments).map(([name, value]) => `${name}=${value}`);
  const named = bases.flatMap((base) => [base.folder, ...base.names, '--']);
  const args = [storageDriver, dockerfile, context, registry, String(given.length), ...given, ...named];
  const { files, mountPoint } = folder;
  const enclosure = {
    folder: files,
    mountPoint,
    network: image.proxy === undefined ? 'none' : { proxy: image.proxy },
    user,
    limits,
    environment: inEnvironment(image),
  } as const;
  try {
    await runEnclosed(enclosure, ['sh', '-c', BUILD, 'sh', ...args], output, stopping);
  } catch (error) {
    if (error instanceof ProgramFailed) throw new DockerfileFailed();
    throw error;
  }
  return { image: path.join(folder.files, 'image'), toolMs: await readTimes(folder.files) };
}

/** Secrets, for the script: other users of the host do not see the environment. */
function inEnvironment({ secrets }: ImageToBuild): Record<string, string> {
  const values = Object.values(secrets).map((value, at) => [`SECRET_${at}`, value] as const);
  return { RELAY, SECRETS: Object.keys(secrets).join(' '), ...Object.fromEntries(values) };
}

/** The sum of what the script wrote: for the log of the builder, not to be trusted. */
async function readTimes(folder: string): Promise<number> {
  const file = await openWithin(folder, 'times');
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024), position: 0 });
    const pairs = buffer.toString('latin1', 0, bytesRead).matchAll(/^(\d+\.\d+) (\d+\.\d+)$/gm);
    return [...pairs].reduce((sum, [, from, to]) => sum + (Number(to) - Number(from)) * 1000, 0);
  } finally {
    await file.close();
  }
}
