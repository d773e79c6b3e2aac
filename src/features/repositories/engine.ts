/** What an engine says of itself in its User-Agent: `docker/1.5.0 go/go1.4 git-commit/… kernel/… os/linux arch/amd64`. */
export interface Engine {
  readonly docker_version?: string;
  readonly docker_go_version?: string;
  readonly kernel?: string;
  readonly os?: string;
  readonly arch?: string;
}

const VALUE_CHARACTERS = 128;

/** Reads the `name/value` pairs of a User-Agent (protocol 4.13); the last three values in lower case. */
export function parseEngine(userAgent: string | undefined): Engine {
  const pairs = new Map<string, string>();
  for (const [, name, value] of (userAgent ?? '').slice(0, 1024).matchAll(/(?:^|\s)([a-z-]+)\/(\S+)/g)) {
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
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/**
 * Whether the engine fails on a layer of no bytes: all before 1.13 do, and the daemon of 0.7 dies of it
 * (engine behaviour, 3 and 8).
 */
export function failsOnEmptyLayers(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\/(0\.|1\.\d(?!\d)|1\.1[0-2](?!\d))/.test(userAgent ?? '');
}

/** Whether a search answer may hold only strings: docker up to 0.6.5 decodes nothing else (protocol 2.13). */
export function readsOnlyStrings(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\/0\.([1-5]\.|6\.[0-5](?!\d))/.test(userAgent ?? '');
}

/**
 * Whether the engine looks for `/v2/` and uses v1 when that is not there: docker before 17.06 (engine behaviour, 3).
 * Later ones have v1 switched off unless their operator wants it.
 */
export function usesV1(userAgent: string | undefined): boolean {
  const [, major, minor] = /(?:^|\s)docker\/(\d{1,4})\.(\d{1,4})/.exec(userAgent ?? '') ?? [];
  return major !== undefined && (Number(major) < 17 || (Number(major) === 17 && Number(minor) < 6));
}

/** Whether it is an engine at all. */
export function isEngine(userAgent: string | undefined): boolean {
  return /(?:^|\s)docker\//.test(userAgent ?? '');
}
