import type { Browser } from 'playwright-core';
import { seriousProblems } from '../helpers/axe';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { watchOwnership } from '../helpers/ownership';
import { MARKUP_PAYLOADS } from '../helpers/payloads';
import { startReceiver, type Receiver } from '../helpers/receiver';

/*
 * The tools of the tests with a browser find what they look for. All other tests show them only pages without any
 * fault.
 */

/** Alone in a page these are text, or elements with an unknown name; other places and languages run them. */
const HARMLESS = [
  ...['&lt;', '&#60;', '\\u003c', '%3C', '\uff1cb', '{{', '${', '<%=', '#{'],
  ...["';", '");', '" autofocus', "' autofocus", '<!--', '<textarea>', '<template>', '<scr<', '<b\u000b'],
];
const isHarmless = (payload: string): boolean => HARMLESS.some((start) => payload.startsWith(start));

/** A tab that was sent elsewhere can no longer be used. */
const LEAVES = 'http-equiv';

const page = (body: string): string => `<!doctype html><html lang=en><title>A page</title><main>${body}</main></html>`;

function testTools(): void {
  let browser: Browser;
  let site: Receiver;
  let tab: Tab;
  let body = '';
  let policy = "default-src 'self' data: 'unsafe-inline'";
  beforeAll(async () => {
    browser = await launchBrowser();
    site = await startReceiver(({ path }) => ({
      status: path === '/' ? 200 : 404,
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy },
      body: path === '/' ? page(body) : '',
    }));
  });
  beforeEach(async () => {
    tab = await openTab(browser, site);
  });
  afterEach(() => tab.close());
  afterAll(async () => {
    await browser.close();
    await site.close();
  });

  it('see the harm of every payload that is written unescaped', async () => {
    const unseen: string[] = [];
    const { damage } = await watchOwnership(tab);
    const see = async (payload: string): Promise<void> => {
      body = payload;
      await tab.open('/');
      if ((await damage()).length === 0) unseen.push(payload);
    };
    const harmful = MARKUP_PAYLOADS.filter((payload) => !isHarmless(payload));
    for (const payload of harmful.filter((text) => !text.includes(LEAVES))) await see(payload);
    for (const payload of harmful.filter((text) => text.includes(LEAVES))) await see(payload);
    expect(unseen).toEqual([]);
  });

  it('see no harm in text', async () => {
    const { damage } = await watchOwnership(tab);
    body = MARKUP_PAYLOADS.map((text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')).join('<br>');
    await tab.open('/');
    expect(await damage()).toEqual([]);
  });

  it.each([true, false])('see what the policy of a page forbids, with script: %s', async (hasScript) => {
    policy = "default-src 'none'";
    body = '<p style="color: red">x</p><img src="/x.png" alt="x">';
    const strict = await openTab(browser, site, { hasScript });
    await strict.open('/');
    expect(strict.complaints.join('\n')).toMatch(/inline style[^]*Content Security Policy/);
    expect(strict.complaints.join('\n')).toMatch(/image[^]*Content Security Policy/);
    await strict.close();
  });

  it('see what makes a page inaccessible', async () => {
    policy = "default-src 'none'";
    body = '<form><input name="q"></form>';
    await tab.open('/');
    expect((await seriousProblems(tab.page)).join('\n')).toContain('label: Form elements must have labels');
    expect(tab.complaints).toEqual([]);
  });
}

describeInBrowser('the tools of the browser tests', testTools);
