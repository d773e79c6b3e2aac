import type { Browser } from 'playwright-core';
import { addressRule } from '../../src/platform/http/address-rules';
import { GuardedClient } from '../../src/platform/http/guarded-post';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { fillWithPayloads } from '../helpers/hostile';
import { watchOwnership } from '../helpers/ownership';
import { addUser, startTestServer, type TestServer } from '../helpers/test-server';
import { addressPayloads, storedPayloads, type HostilePage } from './hostile-pages';

/** Whether a page shows any payload. */
const SHOWS = '/owned|evil/.test(document.documentElement.outerHTML)';

interface Watched {
  readonly tab: Tab;
  damage(): Promise<string[]>;
}

function testPayloads(): void {
  let browser: Browser;
  let server: TestServer;
  let clients: string[];
  const tabs = new Map<string | undefined, Watched>();
  beforeAll(async () => {
    const guardedClient = new GuardedClient(addressRule(['127.0.0.1']));
    [browser, server] = await Promise.all([launchBrowser(), startTestServer({ guardedClient })]);
    await addUser(server, 'root', { isAdmin: true });
    clients = await fillWithPayloads(server);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const watched = async (as: string | undefined): Promise<Watched> => {
    const known = tabs.get(as);
    if (known !== undefined) return known;
    const tab = await openTab(browser, server, { as });
    const made = { tab, ...(await watchOwnership(tab)) };
    tabs.set(as, made);
    return made;
  };

  /** Opens a page; resolves to the harm that it suffered, and whether it shows a payload at all. */
  const look = async ({ path, as }: HostilePage): Promise<{ status: number; shows: boolean; found: string[] }> => {
    const { tab, damage } = await watched(as);
    const status = await tab.open(path);
    const found = await damage();
    return { status, shows: await tab.page.evaluate<boolean>(SHOWS), found };
  };

  it('that are stored are text on every page', async () => {
    const bad: [path: string, what: unknown][] = [];
    for (const page of await storedPayloads(server, clients)) {
      const { status, shows, found } = await look(page);
      if (status !== 200 || !shows || found.length > 0) bad.push([page.path, { status, shows, found }]);
    }
    expect(bad).toEqual([]);
  });

  it('that are in an address are text on every page', async () => {
    const bad: [path: string, what: unknown][] = [];
    for (const page of addressPayloads()) {
      const { status, found } = await look(page);
      if (status >= 500 || found.length > 0) bad.push([page.path, { status, found }]);
    }
    expect(bad).toEqual([]);
  });
}

describeInBrowser('payloads', testPayloads);
