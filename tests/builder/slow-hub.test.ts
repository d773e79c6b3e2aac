import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBuilder, type Builder } from '../../src/builder/builder';
import { startBuildChain, type BuildChain } from '../helpers/build-chain';
import { canBuild } from '../helpers/build-user';
import type { GitRepository } from '../helpers/git-server';
import { describeInstalled } from '../helpers/installed';

describeInstalled(canBuild(), 'a build whose hub does not answer well', () => {
  let chain: BuildChain;
  let app: GitRepository;
  let builder: Builder | undefined;
  /** What the stand-in for the hub does with a request, after the first look at `/v2/`. */
  let answer: (response: ServerResponse) => void;
  const hub = http.createServer((request, response) => {
    if (request.url === '/v2/') response.writeHead(401).end();
    else answer(response);
  });

  beforeAll(async () => {
    await once(hub.listen(0, '127.0.0.1'), 'listening');
    chain = await startBuildChain();
    await chain.automate('alice/base');
    app = await chain.automate('alice/app');
  });
  afterEach(async () => {
    await builder?.stop(AbortSignal.abort());
    hub.closeAllConnections();
  });
  afterAll(async () => {
    hub.close();
    await chain.close();
  });

  async function built(timeMs: number): Promise<{ state: string; error: string | undefined }> {
    const settings = chain.settings(`http://127.0.0.1:${(hub.address() as AddressInfo).port}`);
    const limits = { ...settings.limits, timeMs };
    builder = await startBuilder(chain.ctx, chain.database.connection, { ...settings, limits });
    return chain.built('alice/app');
  }

  it('ends at its time limit while a base image arrives byte by byte (R350)', async () => {
    app.commit({ Dockerfile: 'FROM alice/base\n' });
    const drip = async (response: ServerResponse): Promise<void> => {
      response.writeHead(200);
      while (!response.destroyed) {
        response.write(' ');
        await sleep(50);
      }
    };
    answer = (response) => void drip(response);
    expect(await built(4000)).toMatchObject({ state: 'error', error: 'The build took longer than 4 seconds.' });
  });

  it('ends at its time limit while the push hangs (R350)', async () => {
    app.commit({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    let asked = 0;
    answer = () => void (asked += 1);
    expect(await built(15_000)).toMatchObject({ state: 'error', error: 'The build took longer than 15 seconds.' });
    expect(asked).toBeGreaterThan(0);
  });

  it('says so when the connection breaks', async () => {
    app.commit({ Dockerfile: 'FROM alice/base\n#\n' });
    answer = (response) => response.destroy();
    const { state, error } = await built(60_000);
    expect(state).toBe('error');
    expect(error).toMatch(/^The connection to the hub failed: /);
  });
});
