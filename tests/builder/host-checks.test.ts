import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkHost } from '../../src/builder/host-checks';
import type { BuilderSettings } from '../../src/builder/settings';
import { addressRule } from '../../src/platform/http/address-rules';
import { BUILD_USER, canBuild, ensureBuildUser } from '../helpers/build-user';
import { describeInstalled } from '../helpers/installed';

describeInstalled(canBuild(), 'what a host needs to build', () => {
  const user = ensureBuildUser();
  const settings: BuilderSettings = {
    hub: 'http://127.0.0.1:1',
    ownHosts: [],
    folder: path.join(tmpdir(), 'checked'),
    userName: BUILD_USER,
    jobs: 1,
    limits: { timeMs: 10_000, logBytes: 2 ** 20, diskBytes: 2 ** 26, memoryBytes: 2 ** 29, processes: 200 },
    cache: { bytes: 0, days: 1 },
    addresses: addressRule([]),
    reach: addressRule([]),
    knownHosts: undefined,
  };
  const problems = async (changed: Partial<BuilderSettings>): Promise<string[]> => {
    const { checks } = await checkHost({ ...settings, ...changed });
    return checks.flatMap(({ problem }) => problem ?? []);
  };

  it('is here, with the storage that copies least', async () => {
    const hub = http.createServer((_request, response) => response.writeHead(401).end());
    await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
    const { port } = hub.address() as AddressInfo;
    const report = await checkHost({ ...settings, hub: `http://127.0.0.1:${port}` });
    hub.close();
    expect(report.checks.flatMap(({ problem }) => problem ?? [])).toEqual([]);
    expect(report).toMatchObject({ user, storageDriver: 'overlay' });
  });

  it('is named in a sentence, with what to do', async () => {
    expect(await problems({})).toEqual([
      expect.stringMatching(/^The hub does not answer at http:\/\/127\.0\.0\.1:1\/v2\/: set DRYDOCK_BUILDER_HUB \(/),
    ]);
    expect((await problems({ userName: 'nobody-at-all' }))[0]).toMatch(
      /^There is no user nobody-at-all to run builds: useradd --system/,
    );
    expect((await problems({ userName: 'root' }))[0]).toMatch(/^Builds must not run as root/);
    expect((await problems({ userName: 'nobody' }))[0]).toMatch(
      /^The user has no subordinate ids: usermod --add-subuids .* nobody \(/,
    );
  });
});
