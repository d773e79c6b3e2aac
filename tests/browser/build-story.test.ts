import type { Locator } from 'playwright-core';
import { seriousProblems } from '../helpers/axe';
import { startBuildPlace, type BuildPlace } from '../helpers/build-place';
import { canBuild } from '../helpers/build-user';
import { describeInBrowser } from '../helpers/browser';
import { describeInstalled } from '../helpers/installed';
import { addUser } from '../helpers/test-server';
import type { Person } from './story/person';
import { openSettings } from './story/repositories';
import { Stage } from './story/stage';

/*
 * The story of an automated repository, on the pages: a git server, signed hooks, a builder with buildah. It runs twice,
 * with script and without. A machine may need a minute for a build.
 */

const BUILD_MS = 120_000;
const PHONE = { width: 360, height: 740 };
const SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';

const DOCKERFILE = 'FROM scratch\nCOPY bin /bin\n';

function tellStory(hasScript: boolean): void {
  let stage: Stage;
  let place: BuildPlace;
  let alice: Person;
  let bobby: Person;
  let hook: { url: string; secret: string };
  beforeAll(async () => {
    stage = await Stage.open(hasScript);
    for (const name of ['alice', 'bobby']) await addUser(stage.server, name);
    place = await startBuildPlace(stage.server);
    [alice, bobby] = [await stage.person('alice'), await stage.person('bobby')];
    await alice.signIn();
    await bobby.signIn();
  });
  afterEach(() => expect(stage.complaints()).toEqual([]));
  afterAll(async () => {
    await place.close();
    await stage.close();
  });

  /** Checks a page that is on no list of pages, also on a phone. */
  const canBeUsed = async ({ tab: { page } }: Person): Promise<void> => {
    if (!hasScript) return;
    expect(await seriousProblems(page)).toEqual([]);
    const before = page.viewportSize() ?? PHONE;
    await page.setViewportSize(PHONE);
    expect(await page.evaluate(SIDEWAYS)).toBe(0);
    await page.setViewportSize(before);
  };

  /** Waits for something that the script shows when it happens; without it, the page is loaded again. */
  const seen = async ({ tab: { page } }: Person, what: Locator): Promise<void> => {
    const until = Date.now() + BUILD_MS;
    while (!hasScript && !(await what.first().isVisible()) && Date.now() < until) {
      await page.waitForTimeout(300);
      await page.reload();
    }
    await what.first().waitFor({ timeout: BUILD_MS });
  };

  const row = (person: Person, text: string): Locator =>
    person.main.getByRole('region', { name: 'Builds, the newest first' }).getByRole('row').filter({ hasText: text });

  it('alice creates a repository that is built from git, and gets the hook to paste', async () => {
    await alice.open('/dashboard/');
    await alice.follow('Create repository');
    await alice.follow('Build it from a git repository');
    await alice.isOn('Create an automated repository');
    await alice.fill('URL of the git repository', 'ftp://127.0.0.1/app.git');
    await alice.send({ Name: 'app', 'Name or pattern': 'main' }, 'Create');
    await alice.isRefused('Enter the URL of a git repository');
    await alice.send({ 'URL of the git repository': place.cloneUrl }, 'Create');
    await alice.isOn('alice/app was created');
    hook = { url: await alice.read('URL of the hooks'), secret: await alice.read('Secret of the hooks') };
    await canBeUsed(alice);
    await alice.follow('Go to the builds');
    await alice.main.getByText('Nothing has been built yet').waitFor();
  });

  it('a push to git builds the image, and the page shows it', async () => {
    const hash = place.git.commit({ Dockerfile: `${DOCKERFILE}RUN echo good day\n` }, 'Say good day');
    expect(await place.sendHook({ ...hook, secret: 'wrong' }, 'refs/heads/main')).toBe(401);
    expect(await place.sendHook(hook, 'refs/heads/main')).toBe(202);
    await alice.tab.page.reload();
    await seen(alice, row(alice, 'Success'));
    const built = row(alice, 'Success');
    await built.getByText(hash.slice(0, 7)).waitFor();
    await built.getByText('Say good day').waitFor();
    await built.getByText('Push').waitFor();
    await built.getByRole('link', { name: 'latest', exact: true }).waitFor();
    await canBeUsed(alice);
  });

  it('its log has the steps, is searched and downloaded', async () => {
    await row(alice, 'Success')
      .getByRole('link', { name: /^Build \d+$/ })
      .click();
    const step = alice.main.getByText(/^STEP 3\/3: RUN echo good day/);
    const line = alice.main.locator('.log .line').getByText('good day', { exact: true });
    expect(await line.isVisible()).toBe(false);
    await step.click();
    await line.waitFor();
    await canBeUsed(alice);
    await alice.send({ 'Search the log': 'Good Day' }, 'Search');
    await alice.main
      .getByText(/\d lines? with “Good Day”/)
      .first()
      .waitFor();
    await line.first().waitFor();
    const download = alice.tab.page.waitForEvent('download');
    await alice.follow('Download');
    expect((await download).suggestedFilename()).toMatch(/^alice-app-build-\d+\.txt$/);
  });

  it('a Dockerfile that fails says why, while its log grows', async () => {
    place.git.commit(
      { Dockerfile: `${DOCKERFILE}RUN echo first && busybox sleep 2\nRUN echo oh; exit 7\n` },
      'Break it',
    );
    await alice.open('/r/alice/app/builds/');
    await alice.press('Build now');
    await alice.isTold('waits for a builder');
    await row(alice, 'Started by alice')
      .getByRole('link', { name: /^Build \d+$/ })
      .first()
      .click();
    await seen(alice, alice.main.getByText(/^STEP 4\/4: RUN echo oh/));
    await seen(alice, alice.main.getByText('exit status 7').first());
    await seen(alice, alice.main.getByText('Error', { exact: true }));
    if (hasScript) await alice.main.getByRole('status').getByText('The build has ended: error.').waitFor();
    await alice.main.locator('.log .line').getByText('oh', { exact: true }).waitFor();
    await alice.main.getByRole('button', { name: /^Retry build/ }).waitFor();
    await canBeUsed(alice);
  });

  it('she cancels a build', async () => {
    place.git.commit({ Dockerfile: `${DOCKERFILE}RUN echo sleeping && busybox sleep 1000\n` }, 'Sleep');
    await alice.main.getByRole('button', { name: /^Retry build/ }).click();
    await alice.isTold('waits for a builder');
    await seen(alice, alice.main.locator('.log .line').getByText('sleeping', { exact: true }));
    await alice.main.getByRole('button', { name: /^Cancel build/ }).click();
    await seen(alice, alice.main.getByText('Cancelled', { exact: true }));
  });

  it('a rule for tags and a trigger URL build a release', async () => {
    place.git.commit({ Dockerfile: `${DOCKERFILE}RUN echo released\n` }, 'Release');
    place.git.git('tag', 'v1');
    place.git.git('push', '--quiet', 'origin', 'v1');
    await openSettings(alice, 'alice/app', 'Automated builds');
    await alice.follow('Build rules');
    await alice.choose('Type', 'Tag');
    await alice.send({ 'Name or pattern': 'v*', 'Docker tag': '{ref}-{sha}' }, 'Add rule');
    await alice.isTold('Rule added.');
    await alice.follow('Triggers');
    await alice.press('Create a trigger URL');
    const url = await alice.read('Trigger URL');
    await canBeUsed(alice);
    const body = new URLSearchParams({ source_type: 'Tag', source_name: 'v1' });
    expect((await fetch(url, { method: 'POST', body })).status).toBe(200);
    await alice.follow('Back to the triggers');
    await alice.main.getByText('tag v1').waitFor();
    await alice.follow('Builds');
    const release = `v1-${place.git.git('rev-parse', '--short=7', 'v1')}`;
    await seen(alice, row(alice, release).filter({ hasText: 'Success' }));
    await row(alice, release).getByText('Trigger URL').waitFor();
  });

  it('the badge and the chart show how builds went, also to bobby, who cannot start any', async () => {
    await bobby.open('/r/alice/app/builds/');
    await bobby.main.getByRole('heading', { name: 'Build times' }).waitFor();
    expect(await bobby.main.getByRole('button', { name: 'Build now' }).count()).toBe(0);
    const badge = await fetch(`${stage.server.url}/r/alice/app/builds/badge.svg`);
    expect(await badge.text()).toContain('<title>Build of alice/app: passing</title>');
    await bobby.follow('See the Dockerfile of the last build');
    await bobby.main.getByText('RUN echo released').waitFor();
    await bobby.open('/r/alice/app/settings/builds/', 403);
  });

  it('she switches it off, and the history stays', async () => {
    await openSettings(alice, 'alice/app', 'Automated builds');
    await alice.main.getByText('Remove the source', { exact: true }).click();
    await alice.press('Yes, remove the source');
    await alice.isTold('Images can be pushed to this repository again.');
    await alice.open('/r/alice/app/builds/');
    await row(alice, 'Success').first().waitFor();
    expect(await alice.main.getByText('Automated build', { exact: true }).count()).toBe(0);
  });
}

describeInstalled(canBuild(), 'automated builds', () => {
  describeInBrowser('on pages, with script', () => tellStory(true));
  describeInBrowser('on pages, without script', () => tellStory(false));
});
