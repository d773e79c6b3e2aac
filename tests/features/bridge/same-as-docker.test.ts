import fc from 'fast-check';
import { configOfChain } from '../../../src/features/bridge/image-config';
import { describeInstalled, isOnPath } from '../../helpers/installed';
import { DOCKER_GO, DockerGo } from './docker-go';
import { v1Chain } from './odd-images';

const RUNS = { numRuns: 5000 };
const DIFF_ID = `sha256:${'a'.repeat(64)}`;

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const configOf = (chain: readonly string[]): string =>
  configOfChain(chain.map((json) => ({ json: Buffer.from(json), diffId: DIFF_ID }))).toString();

describeInstalled(isOnPath(DOCKER_GO, '.ci/go-programs FOLDER'), "docker's own computation", () => {
  let docker: DockerGo;
  beforeAll(() => {
    docker = new DockerGo();
  });
  afterAll(() => docker.end());

  /** The config that docker 17.05 has after a pull over v1; undefined when it refuses the json. */
  const dockersConfig = async (chain: readonly string[]): Promise<string | undefined> => {
    const { Config } = await docker.ask({ Chain: chain.map((json) => ({ JSON: base64(json), DiffID: DIFF_ID })) });
    return Config === undefined ? undefined : Buffer.from(Config, 'base64').toString();
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
        expect(await docker.ask({ Image: base64(configOf(chain)) })).toEqual({});
      }),
      RUNS,
    );
    expect(refused).toBeGreaterThan(100);
  });
});
