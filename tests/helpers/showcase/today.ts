import { randomBytes } from 'node:crypto';
import { digestOf } from '../../../src/platform/bytes/digest';
import { deriveMissing } from '../../../src/features/bridge/pending-images';
import type { TestServer } from '../test-server';
import { ManifestPusher, OCI_INDEX, OCI_MANIFEST, type TestDescriptor } from '../manifests';

/* A repository of alice to which clients of today push: images for two platforms, a signature and a chart. */

const REPOSITORY = { namespace: 'alice', name: 'api' };
const NODE_URL = 'https://nodejs.example/dist/v24.1.0/node.tar.xz';

function someLayers(): Buffer[] {
  return [3_400_000, 2_100_000, 150, 48_000].map((size) => randomBytes(size / 100 + 32));
}

function configOf(layers: readonly Buffer[], architecture: string, variant?: string): object {
  const at = '2026-11-20T09:30:00Z';
  const step = (line: string, rest: object = {}) => ({ created: at, created_by: line, comment: 'buildkit', ...rest });
  return {
    os: 'linux',
    architecture,
    ...(variant === undefined ? {} : { variant }),
    created: at,
    config: {
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['node', 'server.js'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NODE_VERSION=24.1.0'],
      ExposedPorts: { '8080/tcp': {} },
      Volumes: { '/var/lib/api': {} },
      WorkingDir: '/srv/api',
      User: 'node',
      Labels: { 'org.opencontainers.image.source': 'https://code.example/alice/api', maintainer: 'alice' },
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
    history: [
      step('ADD alpine-minirootfs-3.24.tar.gz / # buildkit'),
      step('ENV NODE_VERSION=24.1.0', { empty_layer: true }),
      step(`RUN /bin/sh -c wget -qO- ${NODE_URL} | tar xJ -C /usr/local --strip-components=1 # buildkit`),
      step('WORKDIR /srv/api'),
      step('COPY . . # buildkit'),
      step('USER node', { empty_layer: true }),
      step('EXPOSE &{[{{12 0} {12 0}}] 0xc000}', { empty_layer: true }),
      step('CMD ["node" "server.js"]', { empty_layer: true }),
    ],
  };
}

async function imageFor(pusher: ManifestPusher, architecture: string, variant?: string): Promise<TestDescriptor> {
  const layers = someLayers();
  const pushed = await pusher.image(configOf(layers, architecture, variant), { layers });
  return { ...pushed, platform: { os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) } };
}

async function attestationOf(pusher: ManifestPusher, { digest }: TestDescriptor): Promise<TestDescriptor> {
  const pushed = await pusher.image({ architecture: 'unknown', os: 'unknown', about: digest });
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest', 'vnd.docker.reference.digest': digest };
  return { ...pushed, platform: { os: 'unknown', architecture: 'unknown' }, annotations };
}

/** Fills the repository. */
export async function fillToday(server: TestServer): Promise<void> {
  const pusher = await ManifestPusher.to(server, REPOSITORY);
  const amd64 = await imageFor(pusher, 'amd64');
  const arm64 = await imageFor(pusher, 'arm64', 'v8');
  const manifests = [amd64, arm64, await attestationOf(pusher, amd64), await attestationOf(pusher, arm64)];
  const index = await pusher.manifest(OCI_INDEX, { manifests }, { tag: '2.0', userAgent: 'buildkit/v0.26.1' });
  await pusher.image(
    {},
    { document: { subject: index, artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' } },
  );
  const layers = someLayers();
  await pusher.image(configOf(layers, 'amd64'), {
    tag: '1.9',
    userAgent: 'docker/28.5.2 go/go1.24.9 git-commit/v kernel/6.1.0-41-amd64 os/linux arch/amd64',
    layers,
  });
  const annotations = { 'org.opencontainers.image.title': 'api-2.0.0.tgz' };
  const chart = await pusher.blob(randomBytes(4000), 'application/vnd.cncf.helm.chart.content.v1.tar+gzip');
  const config = await pusher.blob(Buffer.from('{"name":"api"}'), 'application/vnd.cncf.helm.config.v1+json');
  const document = { config, layers: [{ ...chart, annotations }], annotations: { description: 'A chart of the api' } };
  await pusher.manifest(OCI_MANIFEST, document, { tag: 'chart-2.0.0', userAgent: 'Helm/3.19.0' });
  await deriveMissing(server.ctx, new AbortController().signal);
}
