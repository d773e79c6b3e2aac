import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { addressOf, PAGES } from '../browser/pages';
import { launchBrowser, openTab } from '../helpers/browser';
import { startShowcase } from '../helpers/showcase';
import type { TestServer } from '../helpers/test-server';

/*
 * `npm run screenshots`: takes pictures of every page of the list, in light and dark, on a desktop and a phone, into
 * the folder `screenshots/`. `npm run screenshots -- -t account` takes those with `account` in their names.
 */

const FOLDER = path.join(__dirname, '../../screenshots');

let browser: Browser;
let server: TestServer;
beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  [browser, server] = await Promise.all([launchBrowser(), startShowcase()]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await server.close();
});

const DEVICES = ['desktop', 'phone'] as const;
const SCHEMES = ['light', 'dark'] as const;
const SHOTS = PAGES.flatMap((page) =>
  DEVICES.flatMap((device) => SCHEMES.map((scheme) => ({ ...page, device, scheme }))),
);

it.each(SHOTS)('$name $device $scheme', async (shot) => {
  const { name, as, device, scheme } = shot;
  const file = path.join(FOLDER, `${name}-${device}-${scheme}.png`);
  await rm(file, { force: true });
  const tab = await openTab(browser, server, { as, device, scheme });
  await tab.open(await addressOf(shot, server));
  await tab.page.screenshot({ path: file, fullPage: true });
  await tab.close();
});
