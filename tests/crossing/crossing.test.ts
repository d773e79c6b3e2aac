import { gzipSync } from 'node:zlib';
import { installedVersion, type DebianClient } from '../clients/installed-client';
import { Row } from '../clients/matrix';
import { pushOverV1 } from '../helpers/crossing-images';
import { describeInstalled } from '../helpers/installed';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';
import { VERSIONS, type EngineVersion } from '../protocol/parse-trace';
import { pushAs, type V1Tag } from './engines';
import { expectNoChange, expectSameContents, expectToBePulledBy, expectToPull, referenceOf } from './expectations';
import { CROSSINGS, type Crossing } from './matrix';
import { openClient, type OpenClient } from './open-client';
import { richImage, usualImage } from './rich-image';

/*
 * Both directions of the bridge (bridge 8 and 9), by what real engines sent and real clients do: what four engines pushed
 * over v1 is pulled by the clients of today, and what these push is pulled with the requests of the engines. Of each image
 * all files are compared, with everything that a layer says of them.
 */

let server: TestServer;
const pushedByEngines = new Map<EngineVersion, readonly V1Tag[]>();
let richTag: V1Tag;

/** Pushes the image with everything. One layer has no trailer, as those of docker 0.6 to 1.2. */
async function pushRich(): Promise<V1Tag> {
  const { layers } = richImage('over v1');
  const sent = layers.map((tar, at) => gzipSync(at === 1 ? tar.subarray(0, -1024) : tar));
  return { repository: 'alice/rich', tag: 'latest', chain: await pushOverV1(server, 'alice/rich', sent) };
}

beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  for (const version of VERSIONS) pushedByEngines.set(version, await pushAs(server, version));
  richTag = await pushRich();
});
afterAll(() => server.close());

/** The others write a manifest without line breaks, so that it gets another digest. */
const WRITE_AS_DOCKER: readonly DebianClient[] = ['docker', 'skopeo'];

describe.each(['docker', 'podman', 'buildah', 'skopeo'] as const)('%s', (name) => {
  const row = new Row<Crossing>(CROSSINGS, name, installedVersion(name));
  describeInstalled(row.version !== '', row.version, () => {
    let opened: OpenClient;
    beforeAll(async () => {
      opened = await openClient(name, server.host);
    });
    afterAll(() => opened.close());

    testPulls(row, () => opened);
    testPushBack(row, () => opened, WRITE_AS_DOCKER.includes(name));
    describe('pushes', () => testPushes(row, () => opened));
    row.itIsInDocument();
  });
});

function testPulls(row: Row<Crossing>, opened: () => OpenClient): void {
  for (const version of VERSIONS) {
    row.it(`FROM ${version}`, `pulls what docker ${version} pushed`, async () => {
      const tags = pushedByEngines.get(version) ?? [];
      expect(tags.map(({ tag }) => tag)).toEqual(['one', 'two']);
      for (const tag of tags) await expectToPull(server, opened().client, tag);
    });
  }

  row.it('RICH', 'pulls files of every kind that were pushed over v1', () =>
    expectToPull(server, opened().client, richTag),
  );
}

function testPushBack(row: Row<Crossing>, opened: () => OpenClient, writesAsDocker: boolean): void {
  if (!writesAsDocker) {
    it('pushes back what was pushed over v1: the same image, under another digest for v2 alone', async () => {
      const chain = await pushOverV1(
        server,
        `alice/back-${row.client}`,
        usualImage(row.client).layers.map((tar) => gzipSync(tar)),
      );
      await expectSameContents(server, opened().client, {
        repository: `alice/back-${row.client}`,
        tag: 'latest',
        chain,
      });
    });
    return;
  }
  row.it('BACK', 'pushes back what was pushed over v1 under the same digest', async () => {
    for (const tag of [...pushedByEngines.values(), [richTag]].flat())
      await expectNoChange(server, opened().client, tag);
  });
}

function testPushes(row: Row<Crossing>, opened: () => OpenClient): void {
  const images = { rich: richImage(`by ${row.client}`), usual: usualImage(`by ${row.client}`) };
  const repositoryOf = (kind: string): string => `alice/${row.client}-${kind}`;
  beforeAll(async () => {
    for (const [kind, image] of Object.entries(images)) {
      await opened().client.push(image, referenceOf(server, { repository: repositoryOf(kind), tag: '1' }));
    }
  });

  for (const version of VERSIONS) {
    row.it(`TO ${version}`, `what docker ${version} pulls`, async () => {
      for (const [kind, image] of Object.entries(images)) {
        await expectToBePulledBy(server, version, repositoryOf(kind), image);
      }
    });
  }
}
