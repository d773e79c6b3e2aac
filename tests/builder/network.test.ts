import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBuilder, type Builder } from '../../src/builder/builder';
import { addressWithinReach } from '../../src/builder/network/reach';
import { addressRule } from '../../src/platform/http/address-rules';
import { startBuildChain, type BuildChain } from '../helpers/build-chain';
import { canBuild } from '../helpers/build-user';
import { startChildServer, type ChildServer } from '../helpers/child-server';
import type { GitRepository } from '../helpers/git-server';
import { describeInstalled } from '../helpers/installed';

describe('what builds with a network may reach', () => {
  const reach = (host: string, port: number, allowed: string[] = []): Promise<string> =>
    addressWithinReach(host, port, { listed: addressRule(allowed), internet: addressRule([]) });

  it.each(['127.0.0.1', '[::1]', 'localhost', '169.254.169.254', '10.0.0.1', '192.168.1.1', '[fd00::1]', '0.0.0.0'])(
    'is not %s (R355)',
    (host) => expect(reach(host, 80)).rejects.toThrow(/is not on the open internet/),
  );

  it('is the web of the internet, and what the operator lists', async () => {
    expect(await reach('1.1.1.1', 443)).toBe('1.1.1.1');
    await expect(reach('1.1.1.1', 5432)).rejects.toThrow('port 5432 of the internet is not open to builds');
    expect(await reach('10.0.0.1', 3142, ['10.0.0.1:3142'])).toBe('10.0.0.1');
    await expect(reach('10.0.0.1', 5432, ['10.0.0.1:3142'])).rejects.toThrow('not on the open internet');
  });
});

describeInstalled(canBuild(), 'a build with a network', () => {
  const requests: string[] = [];
  const mirror = http.createServer((request, response) => {
    requests.push(`${request.headers.host} ${request.url}`);
    response.end('a package\n');
  });
  let chain: BuildChain;
  let app: GitRepository;
  let hub: ChildServer;
  let builder: Builder;
  let port: number;

  beforeAll(async () => {
    await once(mirror.listen(0, '127.0.0.1'), 'listening');
    ({ port } = mirror.address() as AddressInfo);
    chain = await startBuildChain();
    const dataDir = mkdtempSync(path.join(tmpdir(), 'hub-'));
    hub = await startChildServer({ DATABASE_URL: chain.database.url, DRYDOCK_DATA_DIR: dataDir });
    app = await chain.automate('alice/app');
    chain.addPrograms(app);
    const settings = { ...chain.settings(hub.url), reach: addressRule([`127.0.0.1:${port}`]) };
    builder = await startBuilder(chain.ctx, chain.database.connection, settings);
  });
  afterAll(async () => {
    await builder.stop(AbortSignal.abort());
    mirror.close();
    await hub.end('SIGTERM');
    await chain.close();
  });

  const steps = (): Record<string, string> => ({
    Dockerfile: [
      'FROM scratch',
      'COPY bin /bin',
      `RUN busybox wget -O - http://mirror.invalid/ 2>&1; true`,
      `RUN busybox wget -q -O - http://127.0.0.1:${port}/package 2>&1; true`,
      `RUN busybox wget -O - ${new URL(hub.url).origin}/v2/ 2>&1; true`,
      'RUN busybox wget -O - http://169.254.169.254/ 2>&1; true',
      `RUN (printf 'CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\n\\r\\nGET /tunnel HTTP/1.0\\r\\n\\r\\n'; busybox sleep 1) | busybox nc 127.0.0.1 3128; true`,
      `RUN printf 'CONNECT 127.0.0.1:5432 HTTP/1.1\\r\\n\\r\\n' | busybox nc 127.0.0.1 3128; true`,
      'RUN busybox ls /sys/class/net; busybox nc -w 2 169.254.169.254 80 2>&1; busybox ls /proxy /node 2>&1; true',
      '',
    ].join('\n'),
  });

  it('reaches what the operator lists, through a proxy, and nothing else (R355)', async () => {
    app.commit(steps());
    const without = await chain.built('alice/app');
    expect(without).toMatchObject({ state: 'success' });
    expect(requests).toEqual([]);
    await chain.ctx.db('build_sources').update({ allows_network: true });
    app.commit({ 'bin/other': 'x' }); // so that no layer of the first build is used
    const { log, state, error } = await chain.built('alice/app');
    expect({ state, error }).toEqual({ state: 'success', error: undefined });
    expect(requests).toEqual([`127.0.0.1:${port} /package`, 'undefined /tunnel']);
    expect(log).toMatch(/^a package$/m);
    expect(log.match(/403 Forbidden/g)).toHaveLength(3);
    expect(log).toMatch(/403 Builds may not reach this: 127\.0\.0\.1 is not on the open internet/);
    expect(log).toMatch(/^lo$/m);
    expect(log).not.toMatch(/eth0|tap0/);
    expect(log).toMatch(/169\.254\.169\.254.*unreachable/);
    expect(log).toMatch(/ls: \/proxy: No such file/);
  });
});
