import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { seriousProblems } from '../helpers/axe';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { startShowcase } from '../helpers/showcase';
import type { TestServer } from '../helpers/test-server';
import { addressOf, PAGES, type ListedPage } from './pages';

/** The limit of the markup alone: the stylesheet and the script are fetched once. */
const PAGE_BYTES = 100_000;

/** The distance that a user must scroll sideways to see the whole page. */
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

const HEADER = 61;

/** The tables that have to be scrolled to be read. */
const CUT_OFF = `[...document.querySelectorAll('.table-frame:not(.tree)')]
  .filter((frame) => frame.scrollWidth > frame.clientWidth).map((frame) => frame.ariaLabel)`;

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const SMALL_PHONE = { width: 360, height: 740 };

function testPages(): void {
  let browser: Browser;
  let server: TestServer;
  // One tab for each reader, because opening one and logging in takes as long as a page.
  const tabs = new Map<string | undefined, Tab>();
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startShowcase()]);
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const tabOf = async (as: string | undefined): Promise<Tab> => {
    const tab = tabs.get(as) ?? (await openTab(browser, server, { as }));
    tabs.set(as, tab);
    return tab;
  };

  it.each(PAGES)('$name keeps to its policy and its size, and is accessible', async (page: ListedPage) => {
    const { as, status = 200 } = page;
    const at = await addressOf(page, server);
    const tab = await tabOf(as);
    await tab.page.setViewportSize(DESKTOP);
    await tab.page.emulateMedia({ colorScheme: 'light' });
    const answer = await tab.page.goto(at);
    expect([tab.page.url(), answer?.status()]).toEqual([`${server.url}${at}`, status]);
    expect((await answer?.body())?.length).toBeLessThan(PAGE_BYTES);
    expect(tab.complaints.splice(0)).toEqual([]);
    expect(await seriousProblems(tab.page)).toEqual([]);
    expect(await tab.page.evaluate(CUT_OFF)).toEqual([]);
    await tab.page.emulateMedia({ colorScheme: 'dark' });
    for (const size of [PHONE, SMALL_PHONE]) {
      await tab.page.setViewportSize(size);
      expect(await tab.page.evaluate(SIDEWAYS)).toBe(0);
      expect(await tab.page.evaluate(CUT_OFF)).toEqual([]);
    }
    expect(await seriousProblems(tab.page)).toEqual([]);
    const header = await tab.page.locator('header.top').boundingBox();
    expect(header?.height).toBe(HEADER);
  });
}

/** Parts that a script puts into a page, and addresses that lead to a provider and back. */
const NOT_PAGES =
  /\/(runs|progress|events)\/$|\.(svg|txt)$|^\/account\/(login\/oidc(\/callback)?|linked\/:provider\/callback\/)$/;

/** The addresses of all pages, according to the routes. */
function pageTemplates(): string[] {
  const routes = readFileSync(path.join(__dirname, '../routes.txt'), 'utf8');
  const rows = routes.matchAll(/^GET +(\/(?!api\/)\S*) +(anyone|member|administrator)$/gm);
  const templates = [...rows].map(([, template = '']) => template);
  // The pages of official repositories are those of all others.
  return templates.filter((template) => !NOT_PAGES.test(template) && !template.startsWith('/_/:name/'));
}

it('the list of pages is complete', () => {
  const listed = PAGES.filter(({ status = 200, name }) => status === 200 || name.endsWith('-used-link'));
  const paths = listed.map((page) => new URL(page.path, 'http://hub.test').pathname);
  const isListed = (template: string): boolean => {
    const pattern = new RegExp(`^${template.replaceAll(/:\w+/g, '[^/]+')}/?$`);
    return paths.some((at) => pattern.test(at));
  };
  expect(pageTemplates().length).toBeGreaterThan(10);
  expect(pageTemplates().filter((template) => !isListed(template))).toEqual([]);
});

describeInBrowser('the pages', testPages);
