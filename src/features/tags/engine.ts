/**
 * The facts about a client in its User-Agent: `docker/1.5.0 go/go1.4 git-commit/… kernel/… os/linux arch/amd64`, or
 * `skopeo/1.22.0`.
 */
export interface Engine {
  readonly docker_version?: string;
  readonly docker_go_version?: string;
  readonly kernel?: string;
  readonly os?: string;
  readonly arch?: string;
  /** a known client that is not docker, and its version: `skopeo/1.22.0` */
  readonly client?: string;
}

/** Programs that speak v2, by the names that they send in lower case. The first one of a User-Agent counts. */
const CLIENTS = new Set([
  'buildah',
  'buildkit',
  'containerd',
  'containers',
  'cosign',
  'crane',
  'go-containerregistry',
  'helm',
  'kaniko',
  'nerdctl',
  'oras',
  'podman',
  'regctl',
  'skopeo',
]);

const VALUE_CHARACTERS = 128;

/** @returns undefined when no known client sent it */
function clientIn(userAgent: string): string | undefined {
  for (const [, name = '', version = ''] of userAgent.matchAll(
    /(?:^|\s)([A-Za-z-]{3,32})\/v?([\w.+~-]{1,32})(?=\s|$)/g,
  )) {
    const known = name.toLowerCase();
    if (CLIENTS.has(known)) return `${known}/${version}`;
  }
  return undefined;
}

/** Reads the `name/value` pairs of a User-Agent (protocol 4.13); the last three values in lower case. */
export function parseEngine(userAgent: string | undefined): Engine {
  const text = (userAgent ?? '').slice(0, 1024);
  const pairs = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/(?:^|\s)([a-z-]+)\/(\S+)/g)) {
    if (name !== undefined && value !== undefined && !pairs.has(name)) {
      pairs.set(name, value.slice(0, VALUE_CHARACTERS));
    }
  }
  const found = {
    docker_version: pairs.get('docker'),
    docker_go_version: pairs.get('go'),
    kernel: pairs.get('kernel')?.toLowerCase(),
    os: pairs.get('os')?.toLowerCase(),
    arch: pairs.get('arch')?.toLowerCase(),
    client: pairs.has('docker') ? undefined : clientIn(text),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** The architectures other than amd64 for which docker ran on linux while its engines spoke v1, as they call them. */
export const OTHER_ARCHITECTURES: readonly string[] = ['386', 'arm', 'arm64', 'ppc64le', 's390x'];

/** The architecture of an engine that is none of those of amd64; undefined: amd64, or it does not say so. */
export function otherArchitectureOf({ docker_version: version, arch = '' }: Engine): string | undefined {
  return version !== undefined && OTHER_ARCHITECTURES.includes(arch) ? arch : undefined;
}

/** The first docker that reads layers in zstd (bridge 2). */
const FIRST_WITH_ZSTD = 23;

/** Whether a client reads layers in zstd: all that speak v2 do, except for docker before 23. */
export function readsZstd({ docker_version: version = '' }: Engine): boolean {
  const major = /^(\d+)\./.exec(version)?.[1];
  return major === undefined || Number(major) >= FIRST_WITH_ZSTD;
}
