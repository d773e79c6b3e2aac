import type { Browser } from 'playwright-core';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { fillWithPayloads } from '../helpers/hostile';
import { linkOf } from '../helpers/oauth';
import { watchOwnership } from '../helpers/ownership';
import { linePayloads } from '../helpers/payloads';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';

interface HostilePage {
  readonly path: string;
  /** 200 unless it is another */
  readonly status?: number;
}

/** Pages that show what somebody wrote: one line for each kind. */
function hostilePages(clients: readonly string[]): HostilePage[] {
  const client = (id: string): string => linkOf({ id, secret: '', redirectUri: 'https://app.example.com/back' });
  const texts = linePayloads(1000).map(encodeURIComponent);
  return [
    ...clients.map((id) => ({ path: client(id) })),
    ...texts.map((text) => ({ path: `/account/reset/${text}`, status: 404 })),
    ...texts.map((text) => ({ path: `/account/reset?account=${text}` })),
    ...texts.map((text) => ({ path: `/api/v1.1/o/authorize/?client_id=${text}`, status: 400 })),
  ];
}

function testPayloads(): void {
  let browser: Browser;
  let server: TestServer;
  let clients: string[];
  let tab: Tab;
  let damage: () => Promise<string[]>;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startTestServer()]);
    clients = await fillWithPayloads(server);
    await addUser(server, 'reader'); // the page of a program is for whoever is logged in
  }, 60_000);
  beforeEach(async () => {
    tab = await openTab(browser, server, { as: 'reader' });
    ({ damage } = await watchOwnership(tab));
  });
  afterEach(() => tab.close());
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it('are text on every page', async () => {
    const damaged: [path: string, damage: string[]][] = [];
    for (const { path, status = 200 } of hostilePages(clients)) {
      expect([path, await tab.open(path)]).toEqual([path, status]);
      const found = await damage();
      if (found.length > 0) damaged.push([path, found]);
    }
    expect(damaged).toEqual([]);
  }, 60_000);
}

describeInBrowser('payloads', testPayloads);
