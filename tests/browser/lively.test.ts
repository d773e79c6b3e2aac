import type { Browser, Locator } from 'playwright-core';
import { jobsOf } from '../../src/jobs';
import { describeInBrowser, launchBrowser, openTab, type Look, type Tab } from '../helpers/browser';
import { runDueJobs } from '../helpers/run-jobs';
import { startShowcase } from '../helpers/showcase';
import type { TestServer } from '../helpers/test-server';

/*
 * Behaviour that only a browser has: what the script adds to pages, and their layout.
 */

const SHOP = '/r/alice/shop/';

/** Sums up how far readable content jumps, from the first byte of a page on. */
const WATCH_SHIFTS = `
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });`;

const MAIN_PAGES = [
  '/',
  '/explore/',
  '/search?q=shop',
  '/start/',
  '/dashboard/',
  SHOP,
  `${SHOP}tags/2.0/`,
  `${SHOP}statistics/`,
  '/account/tokens/',
  '/organizations/acme/',
];

function testLiveliness(): void {
  let browser: Browser;
  let server: TestServer;
  let tab: Tab;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startShowcase()]);
  });
  afterEach(async () => {
    expect(tab.complaints).toEqual([]);
    await tab.close();
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const look = async (path: string, how: Look = {}): Promise<void> => {
    tab = await openTab(browser, server, { as: 'alice', ...how });
    expect(await tab.open(path)).toBe(200);
  };
  const copyButton = (): Locator => tab.page.getByRole('button', { name: 'Copy: Command to pull this repository' });

  it('the key / leads to the search field, but is a letter in other fields', async () => {
    tab = await openTab(browser, server, {});
    await tab.open('/explore/');
    await tab.page.keyboard.press('/');
    const search = tab.page.getByRole('searchbox', { name: 'Search' });
    expect(await search.evaluate((field) => field.ownerDocument.activeElement === field)).toBe(true);
    await tab.page.keyboard.type('a/b');
    expect(await search.inputValue()).toBe('a/b');
    await tab.close();
  });

  it('dates are in the time zone of their reader, the exact one on hover', async () => {
    await look(`${SHOP}settings/webhooks/1/deliveries/1/`, { timeZone: 'Asia/Kathmandu' });
    const exact = tab.page.locator('time.exact').first();
    const at = new Date((await exact.getAttribute('datetime')) ?? '');
    const local = new Intl.DateTimeFormat('en-GB', {
      dateStyle: 'medium',
      timeStyle: 'short',
      timeZone: 'Asia/Kathmandu',
    }).format(at);
    expect(await exact.innerText()).toBe(local);
    await tab.open(SHOP);
    const ago = tab.page.locator('time:not(.exact)').first();
    expect(await ago.innerText()).toMatch(/ago|now|yesterday/);
    expect(await ago.getAttribute('title')).toMatch(/^\d+ \w+ \d{4}, \d\d:\d\d$/);
  });

  it('without script dates are in UTC, and say so', async () => {
    await look(`${SHOP}settings/webhooks/1/deliveries/1/`, { hasScript: false });
    expect(await tab.page.locator('time.exact').first().innerText()).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
  });

  it('a command is copied by its button, which does not exist without script', async () => {
    await look(SHOP);
    await tab.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await copyButton().click();
    await tab.page.getByText('Copied').waitFor();
    const copied = await tab.page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toBe(`docker pull ${server.host}/alice/shop`);
    await tab.close();
    await look(SHOP, { hasScript: false });
    expect(await tab.page.locator('button[data-copy]:visible').count()).toBe(0);
  });

  it('a deletion waits for the name', async () => {
    await look(`${SHOP}settings/delete/`);
    const button = tab.page.getByRole('button', { name: 'Delete permanently' });
    const field = tab.page.getByLabel('Name of the repository');
    expect(await button.isEnabled()).toBe(false);
    await field.fill('alice/shop');
    expect(await button.isEnabled()).toBe(true);
    await field.fill('alice/shops');
    expect(await button.isEnabled()).toBe(false);
  });

  it('a menu closes by Escape and by a click elsewhere', async () => {
    await look(SHOP);
    const item = tab.page.getByRole('link', { name: 'Settings', exact: true }).and(tab.page.locator('.menu a'));
    const menu = tab.page.locator('header summary');
    await menu.click();
    await item.waitFor();
    await tab.page.keyboard.press('Escape');
    await item.waitFor({ state: 'hidden' });
    await menu.click();
    await item.waitFor();
    await tab.page.getByRole('heading', { level: 1 }).click();
    await item.waitFor({ state: 'hidden' });
  });

  it('a theme holds at once, and on the next page', async () => {
    await look(SHOP);
    const ground = (): Promise<string> =>
      tab.page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    const dark = tab.page.getByRole('button', { name: 'Dark' });
    const kept = tab.page.waitForResponse(`${server.url}/theme/`);
    await dark.click();
    const chosen = await ground();
    expect(chosen).not.toBe(light);
    expect(tab.page.url()).toBe(`${server.url}${SHOP}`);
    expect(await dark.getAttribute('aria-pressed')).toBe('true');
    await kept;
    await tab.open('/explore/');
    expect(await ground()).toBe(chosen);
  });

  it('a description is shown as Markdown before it is saved', async () => {
    await look(`${SHOP}settings/`);
    await tab.page.getByLabel('Full description').fill('# Shop\n\n- [x] *done*\n\n[up](#shop)');
    await tab.page.getByRole('button', { name: 'Preview' }).click();
    const preview = tab.page.getByRole('region', { name: 'Preview' });
    await preview.getByRole('heading', { name: 'Shop' }).waitFor();
    expect(await preview.getByRole('link', { name: 'up' }).getAttribute('href')).toBe('#readme-shop');
    expect(tab.page.url()).toBe(`${server.url}${SHOP}settings/`);
    expect(await tab.page.getByLabel('Full description').inputValue()).toContain('*done*');
  });

  it('maintenance shows its progress by itself', async () => {
    await look('/admin/storage/', { as: 'root' });
    await tab.page.getByRole('button', { name: 'Start a gc dry run' }).click();
    const run = tab.page.getByRole('listitem').filter({ hasText: 'Garbage collection (dry run)' });
    await run.getByText('waiting').waitFor();
    await runDueJobs(server.database, jobsOf(server.ctx));
    await run.getByText('finished').waitFor();
    expect(await tab.page.getByText('It will start in a moment').count()).toBe(1); // the page is still the same
  });

  it('nothing readable jumps', async () => {
    tab = await openTab(browser, server, { as: 'alice' });
    await tab.context.addInitScript(WATCH_SHIFTS);
    const jumping: [path: string, sum: number][] = [];
    for (const path of MAIN_PAGES) {
      await tab.page.goto(path, { waitUntil: 'networkidle' });
      const sum = await tab.page.evaluate<number>('window.shifts');
      if (sum >= 0.02) jumping.push([path, sum]);
    }
    expect(jumping).toEqual([]);
  });
}

describeInBrowser('lively pages', testLiveliness);
