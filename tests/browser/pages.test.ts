import type { Browser } from 'playwright-core';
import { seriousProblems } from '../helpers/axe';
import { describeInBrowser, launchBrowser, openTab } from '../helpers/browser';
import { startShowcase } from '../helpers/showcase';
import type { TestServer } from '../helpers/test-server';
import { PAGES, type ListedPage } from './pages';

/** Of the markup alone, so far. */
const PAGE_BYTES = 100_000;

/** How far somebody must scroll to the side to see all of it. */
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

function testPages(): void {
  let browser: Browser;
  let server: TestServer;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startShowcase()]);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  it.each(PAGES)('$name keeps to its policy and its size, and can be used by everybody', async (page: ListedPage) => {
    const { path, as, status = 200 } = page;
    const tab = await openTab(browser, server, { as });
    const answer = await tab.page.goto(path);
    expect(answer?.status()).toBe(status);
    expect((await answer?.body())?.length).toBeLessThan(PAGE_BYTES);
    expect(tab.complaints).toEqual([]);
    expect(await seriousProblems(tab.page)).toEqual([]);
    await tab.page.emulateMedia({ colorScheme: 'dark' });
    await tab.page.setViewportSize({ width: 360, height: 740 });
    expect(await seriousProblems(tab.page)).toEqual([]);
    expect(await tab.page.evaluate(SIDEWAYS)).toBe(0);
    await tab.close();
  });
}

describeInBrowser('the pages', testPages);
