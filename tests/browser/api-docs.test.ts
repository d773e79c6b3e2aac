import type { Browser, Page } from 'playwright-core';
import { seriousProblems } from '../helpers/axe';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { startShowcase } from '../helpers/showcase';
import type { TestServer } from '../helpers/test-server';

/* The documentation of the API in a browser: Swagger UI within the site. */

const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

function testDocs(): void {
  let browser: Browser;
  let server: TestServer;
  let tab: Tab;
  beforeAll(async () => {
    [browser, server] = await Promise.all([launchBrowser(), startShowcase()]);
    tab = await openTab(browser, server, { as: 'alice' });
  });
  afterAll(async () => {
    await browser.close();
    await server.close();
  });

  const operation = (page: Page, id: string) => page.locator(`[id$="-${id}"]`);

  it('is reached by its former address, and shows every group of operations', async () => {
    expect(await tab.open('/api/docs/')).toBe(200);
    expect(new URL(tab.page.url()).pathname).toBe('/docs/api/');
    await tab.page.getByRole('heading', { name: /^repositories/ }).waitFor();
    await tab.page.getByRole('navigation', { name: 'Site' }).getByText('Explore').waitFor();
  });

  it('sends what is tried out as the account that is signed in, also if it changes something', async () => {
    await tab.page
      .getByRole('heading', { name: /^users/ })
      .getByRole('button')
      .first()
      .click();
    const patch = operation(tab.page, 'updateAccount');
    await patch.getByRole('button').first().click();
    await patch.getByRole('button', { name: 'Try it out' }).click();
    await patch.locator('tr[data-param-name="username"] input').fill('alice');
    await patch.locator('tr[data-param-name="If-Match"] input').fill('*');
    await patch.locator('textarea').fill('{"company": "Acme"}');
    await patch.getByRole('button', { name: 'Execute' }).click();
    await patch.locator('.live-responses-table .response-col_status').getByText('200').waitFor();
    const answer = patch.locator('.live-responses-table td.response-col_description').last();
    expect(await answer.innerText()).toContain('"company": "Acme"');
  });

  it.each(['light', 'dark'] as const)('has no barriers, and fits on a phone, in %s', async (colorScheme) => {
    await tab.page.emulateMedia({ colorScheme });
    expect(await seriousProblems(tab.page)).toEqual([]);
    await tab.page.setViewportSize({ width: 360, height: 740 });
    expect(await tab.page.evaluate(SIDEWAYS)).toBe(0);
    await tab.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('violates no policy', () => {
    expect(tab.complaints).toEqual([]);
  });
}

describeInBrowser('the documentation of the API', testDocs);
