import type { Browser } from 'playwright-core';
import { OPERATOR_ACTOR } from '../../src/features/access/actor';
import { getSource } from '../../src/features/builds/sources';
import { getAdministered } from '../../src/features/repositories/get-repository';
import { readFullName } from '../../src/features/repositories/names';
import { jobsOf } from '../../src/jobs';
import { seriousProblems } from '../helpers/axe';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { startLinkedPlace, type LinkedPlace } from '../helpers/linked-place';
import { runDueJobs } from '../helpers/run-jobs';

/*
 * From an account at a provider to a repository that is built from it: a real browser goes to the provider, which the
 * content security policy of the page must allow, and comes back. It runs twice, with script and without.
 */

function tellStory(hasScript: boolean): void {
  let browser: Browser;
  let place: LinkedPlace;
  let tab: Tab;
  beforeAll(async () => {
    browser = await launchBrowser();
    place = await startLinkedPlace();
    tab = await openTab(browser, place.server, { hasScript, as: 'alice' });
  });
  afterAll(async () => {
    await browser.close();
    await place.close();
  });

  const canBeUsed = async (): Promise<void> => {
    if (hasScript) expect(await seriousProblems(tab.page)).toEqual([]);
  };
  /** The page in the provider's site is not ours. */
  const complaints = (): string[] => tab.complaints.splice(0).filter((text) => !text.includes('asks elsewhere for'));

  it('alice links her account at Gitea', async () => {
    await tab.open('/account/linked/');
    await canBeUsed();
    await tab.page.getByRole('button', { name: 'Continue to Gitea' }).click();
    await tab.page.getByText('Your account is linked to alice-there of Gitea.').waitFor();
    expect(complaints()).toEqual([]);
  });

  it('she chooses a repository, and its hook and deploy key are added there', async () => {
    const shop = place.providers.of.gitea.addRepository('alice-there/shop', { isPrivate: true });
    await tab.page.getByRole('link', { name: 'alice-there' }).click();
    await tab.page.getByLabel('Search by name').fill('sho');
    await tab.page.getByRole('button', { name: 'Search' }).last().click();
    await canBeUsed();
    await tab.page.getByRole('link', { name: 'Build alice-there/shop' }).click();
    await canBeUsed();
    await tab.page.getByRole('button', { name: 'Create automated repository' }).click();
    await tab.page.getByText('alice/shop is built from alice-there/shop.').waitFor();
    expect(new URL(tab.page.url()).pathname).toBe('/r/alice/shop/builds/');
    const { ctx, database } = place.server;
    await runDueJobs(database, jobsOf(ctx));
    const repository = await getAdministered(ctx, OPERATOR_ACTOR, readFullName('alice/shop'));
    expect((await getSource(ctx, repository)).linked).toMatchObject({ state: 'added' });
    expect([shop.hooks.length, shop.keys.length]).toEqual([1, 1]);
    expect(complaints()).toEqual([]);
  });
}

describeInBrowser('a linked account in a browser', () => {
  describe('with script', () => tellStory(true));
  describe('without script', () => tellStory(false));
});
