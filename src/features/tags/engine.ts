/** The facts about an engine in its User-Agent: `docker/1.5.0 go/go1.4 git-commit/… kernel/… os/linux arch/amd64`. */
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
