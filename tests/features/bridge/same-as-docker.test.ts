import fc from 'fast-check';
import { deriveChain, type DerivedImage } from '../../../src/features/bridge/derived-chain';
import { configOfChain, manifestOf } from '../../../src/features/bridge/image-config';
import { hex } from '../../helpers/crossing-images';
import { describeInstalled, isOnPath } from '../../helpers/installed';
import { digestOf } from '../../helpers/v2-client';
import { DOCKER_GO, DockerGo, type Manifest } from './docker-go';
import { configWith, v1Chain } from './odd-images';

const RUNS = { numRuns: 5000 };
const DIFF_IDS = ['one', 'two', 'three'].map((text) => digestOf(text));
const GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const textOf = (bytes: string | undefined): string => Buffer.from(bytes ?? '', 'base64').toString();

const configOf = (chain: readonly string[]): string =>
  configOfChain(chain.map((json, at) => ({ json: Buffer.from(json), diffId: DIFF_IDS[at]! }))).toString();

/** The images that v1 clients get for a config, the base first. */
function derive(config: string, diffIds: readonly string[]): readonly DerivedImage[] {
  const layers = diffIds.map((digest) => ({ mediaType: GZIP, digest, size: 1 }));
  const derived = deriveChain(Buffer.from(config), digestOf(config), layers);
  if ('problem' in derived) throw new Error(derived.problem);
  return derived.chain;
}

const pushedImage = fc
  .integer({ min: 1, max: DIFF_IDS.length })
  .map((depth) => DIFF_IDS.slice(0, depth))
  .chain((diffIds) => fc.record({ diffIds: fc.constant(diffIds), config: configWith(diffIds) }));

const descriptor = fc.record({
  mediaType: fc.constantFrom(GZIP, 'application/vnd.docker.image.rootfs.diff.tar'),
  size: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  digest: fc.constantFrom(...DIFF_IDS),
});

describeInstalled(isOnPath(DOCKER_GO, '.ci/go-programs FOLDER'), "docker's own computation", () => {
  let docker: DockerGo;
  beforeAll(() => {
    docker = new DockerGo();
  });
  afterAll(() => docker.end());

  /** The config that docker 17.05 has after a pull over v1; undefined when it refuses the json. */
  const dockersConfig = async (chain: readonly string[]): Promise<string | undefined> => {
    const Chain = chain.map((json, at) => ({ JSON: base64(json), DiffID: DIFF_IDS[at]! }));
    const { Config } = await docker.ask({ Chain });
    return Config === undefined ? undefined : textOf(Config);
  };

  it('gives the same config of a chain of v1, whatever its json is', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(v1Chain, async (chain) => {
        const expected = await dockersConfig(chain);
        if (expected === undefined) return;
        compared += 1;
        expect(configOf(chain)).toBe(expected);
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns / 2);
  });

  it('accepts our config also when it refuses the json', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(v1Chain, async (chain) => {
        if ((await dockersConfig(chain)) !== undefined) return;
        refused += 1;
        expect(await docker.ask({ Image: base64(configOf(chain)) })).not.toHaveProperty('Refused');
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(100);
  });

  it('reads the same from the json of a derived image and from its config, and has the same ids', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(pushedImage, async ({ diffIds, config }) => {
        const { Refused, ChainIDs = [], V1Image } = await docker.ask({ Image: base64(config) });
        if (Refused !== undefined) return;
        compared += 1;
        const ids = [...ChainIDs.slice(0, -1), digestOf(config)].map(hex);
        const chain = derive(config, diffIds);
        const read = await Promise.all(chain.map(({ json }) => docker.ask({ V1Image: json.toString('base64') })));
        expect(read.map((answer) => answer.V1Image)).toMatchObject(
          ids.map((id, at) => (at === 0 ? { id } : { id, parent: ids[at - 1] })),
        );
        const { id, parent, ...top } = read.at(-1)?.V1Image ?? {};
        expect(chain.at(-1)).toMatchObject({ id, ...(parent === undefined ? {} : { parentId: parent }) });
        expect(top).toEqual({ ...V1Image, id: undefined, parent: undefined });
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns / 2);
  });

  it('writes the same manifest', async () => {
    const sizes = fc.nat({ max: 10_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(descriptor, { minLength: 1, maxLength: 3 }), sizes, async (layers, size) => {
        const ours = manifestOf(Buffer.alloc(size + 1, 'a'), layers).toString();
        const { Manifest: theirs } = await docker.ask({ Manifest: JSON.parse(ours) as Manifest });
        expect(textOf(theirs)).toBe(ours);
      }),
    );
  });
});
