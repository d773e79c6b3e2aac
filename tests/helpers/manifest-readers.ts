import type { Test } from 'supertest';
import { asUser } from './v2-client';

/* What clients send that ask for a manifest (bridge 2). */

const SCHEMA_2 = 'application/vnd.docker.distribution.manifest.v2+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const SCHEMA_1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
const OCI = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

const dockerd = (version: string, arch = 'amd64'): string =>
  `docker/${version} go/go1.19 git-commit/1234567 kernel/6.1.0 os/linux arch/${arch} UpstreamClient(Docker-Client/${version})`;

/** The headers of a client: its User-Agent, and a line of Accept for each type or list of types. */
export interface Reader {
  readonly agent?: string;
  readonly accept: readonly string[];
}

const DOCKER_ONLY = [`application/json, ${SCHEMA_2}, ${LIST}, ${SCHEMA_1}`];
const WITH_OCI = [`${SCHEMA_2}, ${LIST}, ${SCHEMA_1}, ${OCI}, ${INDEX}, application/json`];
const ONE_BY_ONE = [OCI, SCHEMA_2, SCHEMA_1, 'application/vnd.docker.distribution.manifest.v1+json', LIST, INDEX];

export const READERS = {
  'docker 18.09': { agent: dockerd('18.09.9'), accept: DOCKER_ONLY },
  'docker 18.09 on arm64': { agent: dockerd('18.09.9', 'arm64'), accept: DOCKER_ONLY },
  'docker 20.10': { agent: dockerd('20.10.24+dfsg1'), accept: WITH_OCI },
  'docker 22.06': { agent: dockerd('22.06.0-beta.0'), accept: WITH_OCI },
  'docker 23.0': { agent: dockerd('23.0.1'), accept: WITH_OCI },
  'docker 28.5': { agent: dockerd('28.5.2'), accept: WITH_OCI },
  'docker 28.5 with the store of containerd': { agent: dockerd('28.5.2'), accept: [`${OCI}, */*`] },
  containerd: { agent: 'containerd/2.1.9', accept: [`${OCI}, */*`] },
  podman: { agent: 'containers/5.39.2 (github.com/containers/image)', accept: ONE_BY_ONE },
  skopeo: { agent: 'skopeo/1.22.0', accept: ONE_BY_ONE },
  'a script for schema 2': { accept: [SCHEMA_2] },
  'a client without Accept': { accept: [] },
} as const satisfies Record<string, Reader>;

export type ReaderName = keyof typeof READERS;

/** Asks for a manifest as a client does, who is alice. */
export function askAs(
  on: Parameters<typeof asUser>[0],
  reader: ReaderName,
  path: string,
  method: 'get' | 'head' = 'get',
): Test {
  const { accept, ...rest }: Reader = READERS[reader];
  const test = asUser(on, method, `/v2/${path}`);
  if (rest.agent !== undefined) void test.set('User-Agent', rest.agent);
  // Node's client sends a list as a line for each.
  return accept.length === 0 ? test.unset('Accept') : test.set('Accept', accept as unknown as string);
}
