import { seriousProblems } from '../helpers/axe';
import { describeInBrowser } from '../helpers/browser';
import { codeOf } from '../helpers/second-factor';
import { addUser } from '../helpers/test-server';
import { signInByKeyboard, signOutByKeyboard, signUp } from './story/accounts';
import { Engine } from './story/engines';
import type { Person } from './story/person';
import { createRepository, openSettings } from './story/repositories';
import { Stage } from './story/stage';

/*
 * The story of docs/SHARING.md (`tests/story.test.ts`), this time on the pages: people find things by their texts, with
 * mouse and keyboard. It runs twice, with script and without.
 */

const IMMUTABLE = 'The tag one is immutable: it cannot be moved or deleted.';

function tellStory(hasScript: boolean): void {
  let stage: Stage;
  let root: Person;
  let alice: Person;
  let bobby: Person;
  let carol: Person;
  let engine: Engine;
  beforeAll(async () => {
    stage = await Stage.open(hasScript);
    await addUser(stage.server, 'carol');
    const everybody = ['root', 'alice', 'bobby', 'carol'].map((name) => stage.person(name));
    [root, alice, bobby, carol] = (await Promise.all(everybody)) as [Person, Person, Person, Person];
  });
  afterEach(() => expect(stage.complaints()).toEqual([]));
  afterAll(() => stage.close());

  /** Checks a page that is the answer to a form, and so is on no list of pages. */
  const canBeUsed = async ({ tab }: Person): Promise<void> => {
    if (hasScript) expect(await seriousProblems(tab.page)).toEqual([]);
  };

  it('an administrator creates library/base', async () => {
    await root.signIn();
    await createRepository(root, { namespace: 'library (official)', name: 'base', visibility: 'Public' });
    await root.isTold('base was created');
    expect(new URL(root.tab.page.url()).pathname).toBe('/_/base/');
  });

  it.each(['alice', 'bobby'])('%s signs up, opens the link in the mail, and signs in by the keyboard', async (name) => {
    await signUp(stage, await stage.person(name));
  });

  it('alice creates a private repository; a second private one is one too many', async () => {
    await createRepository(alice, { name: 'app', visibility: 'Private' });
    await alice.isTold('alice/app was created');
    await createRepository(alice, { name: 'diary', visibility: 'Private' });
    await alice.isRefused('The plan free of alice allows 1 private repository; 1 is in use.');
    expect(await alice.main.getByLabel('Name', { exact: true }).inputValue()).toBe('diary');
  });

  it('she lets bobby push and pull', async () => {
    await openSettings(alice, 'alice/app', 'Collaborators');
    await alice.send({ Username: 'bobby' }, 'Add');
    await alice.isTold('bobby can now pull and push.');
  });

  it('she creates an organization with two teams, and a repository that they share', async () => {
    await alice.pickInMenu('Organizations');
    await alice.follow('Create organization');
    await alice.send({ Name: 'acme' }, 'Create organization');
    await alice.isTold('The organization acme was created.');
    for (const team of ['builders', 'readers']) {
      await alice.follow('Teams');
      await alice.send({ Name: team }, 'Create team');
      await alice.isTold(`The team ${team} was created.`);
    }
    await createRepository(alice, { namespace: 'acme (organization)', name: 'site', visibility: 'Private' });
    await openSettings(alice, 'acme/site', 'Teams');
    await alice.choose('Team', 'builders');
    await alice.choose('Access', 'Pull and push');
    await alice.press('Give access');
    await alice.isTold('The team builders now has access');
  });

  it('she invites bobby by username and carol by address, and both join', async () => {
    await alice.open('/organizations/acme/teams/builders/');
    await alice.send({ 'Username or email address': 'bobby' }, 'Send invitation');
    await alice.isTold('bobby was invited');
    await bobby.pickInMenu('Settings');
    await bobby.follow('Teams');
    await bobby.press('Join the team builders of acme');
    await bobby.isTold('You are now in the team builders of acme.');
    await alice.open('/organizations/acme/invitations/');
    await alice.choose('Team', 'readers');
    await alice.send({ 'Username or email address': 'new@example.org' }, 'Send invitation');
    await alice.isTold('new@example.org was invited');
    const link = await stage.mailedLink('new@example.org');
    await carol.open(link);
    await carol.follow('Sign in');
    await carol.send({ Username: 'carol', Password: 'carolpw' }, 'Sign in');
    await carol.press('Join');
    await carol.isOn('You have joined');
    await bobby.open('/r/acme/site/');
  });

  it('she has her CI notified of pushes', async () => {
    await openSettings(alice, 'alice/app', 'Webhooks');
    const urls = `${stage.ci.url}/build\n${stage.ci.url}/deploy`;
    await alice.send({ Name: 'ci', URLs: urls }, 'Create webhook');
    expect((await alice.read('Secret of the webhook')).length).toBeGreaterThan(15);
    await canBeUsed(alice);
  });

  it('bobby creates an access token, with which docker 1.5.0 pushes and pulls', async () => {
    await bobby.pickInMenu('Settings');
    await bobby.follow('Access tokens');
    await bobby.choose('Permissions', 'Write: pull and push');
    await bobby.send({ Name: 'old host' }, 'Create token');
    engine = new Engine(stage, 'bobby', await bobby.read('The access token'));
    await canBeUsed(bobby);
    await engine.push('alice/app');
    await engine.pull('alice/app');
    await alice.open('/r/alice/app/');
    await alice.follow('Tags');
    await alice.follow('one');
    await alice.main.getByText('docker/1.5.0').or(alice.main.getByText('docker 1.5.0')).first().waitFor();
  });

  it('the first URL of the webhook is notified of each tag, and the second after the first has called back', async () => {
    const { ci } = stage;
    await stage.runJobs();
    expect(ci.received.map(({ path }) => path)).toEqual(['/build', '/build']);
    const { callback_url: callback } = JSON.parse(ci.received[0]?.body ?? '') as { callback_url: string };
    const body = JSON.stringify({ state: 'success', description: 'All 42 tests passed' });
    const headers = { 'Content-Type': 'application/json' };
    expect((await fetch(callback, { method: 'POST', headers, body })).status).toBe(200);
    await stage.runJobs();
    expect(ci.received.map(({ path }) => path)).toEqual(['/build', '/build', '/deploy']);
    await openSettings(alice, 'alice/app', 'Webhooks');
    await alice.follow('ci');
    const rows = alice.main.getByRole('region', { name: 'Deliveries' }).getByRole('row');
    const calledBack = rows.filter({ hasText: '/build' }).filter({ hasText: 'called back: success' });
    await calledBack.waitFor();
    await rows.filter({ hasText: '/deploy' }).filter({ hasText: 'delivered' }).waitFor();
    await calledBack.getByRole('link').click();
    await alice.main.getByText('All 42 tests passed').waitFor();
    await alice.main.getByRole('heading', { name: /Attempt 1: answered 200/ }).waitFor();
  });

  it('carol finds nothing, on the pages and with her engine', async () => {
    await carol.open('/r/alice/app/', 404);
    await carol.open('/');
    const search = carol.tab.page.getByRole('searchbox').first();
    await search.fill('app');
    await search.press('Enter');
    await carol.main.getByText('No repositories found for “app”').waitFor();
    await new Engine(stage, 'carol', 'carolpw').findsNothing('alice/app');
  });

  it('alice renames it, and the old name can be pulled as before', async () => {
    await openSettings(alice, 'alice/app', 'Rename or transfer');
    await alice.send({ Name: 'shop' }, 'Move');
    await alice.isTold('The repository is now alice/shop.');
    await engine.pull('alice/app');
    await alice.open('/r/alice/app/');
    expect(new URL(alice.tab.page.url()).pathname).toBe('/r/alice/shop/');
  });

  it('a tag is moved; then she makes all of them immutable, and nobody can move it back', async () => {
    const { tags } = stage.hub.repositories.get('alice/app')!;
    const [one = '', two = ''] = [tags.get('one'), tags.get('two')];
    expect(await engine.setTag('alice/shop', 'one', two)).toBe(200);
    await openSettings(alice, 'alice/shop', 'Immutable tags');
    await alice.send({ Patterns: '*' }, 'Save');
    await alice.isTold('Patterns saved.');
    expect(await engine.setTag('alice/shop', 'one', one)).toBe(409);
    await alice.follow('Tag history');
    const [latest] = await alice.main.getByRole('row').filter({ hasText: 'one' }).filter({ hasText: 'moved' }).all();
    await latest?.getByText('bobby').waitFor();
    await latest?.getByRole('button', { name: 'Undo' }).click();
    await alice.isRefused(IMMUTABLE);
    const now = await fetch(`${stage.server.url}/api/v1.1/repositories/alice/shop/tags/one/`, {
      headers: { Authorization: `Basic ${Buffer.from('alice:alicepw').toString('base64')}` },
    });
    expect(await now.json()).toMatchObject({ image_id: two });
  });

  it('bobby gives it a star and comments on it', async () => {
    await bobby.open('/r/alice/shop/');
    await bobby.press('Star this repository, 0 stars');
    await bobby.main.getByRole('button', { name: 'Unstar this repository, 1 star' }).waitFor();
    await bobby.follow('Comments');
    await bobby.send({ 'Your comment': 'Runs on a **3.2** kernel' }, 'Comment');
    await bobby.isTold('Comment posted.');
    expect(await bobby.main.locator('strong').innerText()).toBe('3.2');
  });

  it('alice sets up a second factor, signs out by the keyboard, and needs it to sign in again', async () => {
    await alice.pickInMenu('Settings');
    await alice.follow('Two-factor authentication');
    await alice.press('Set up');
    const secret = await alice.read('The secret');
    await canBeUsed(alice);
    await alice.send({ Code: codeOf(secret) }, 'Turn on');
    const [recoveryCode = ''] = (await alice.main.locator('pre').innerText()).split('\n');
    await canBeUsed(alice);
    await alice.follow('I have saved them');
    await signOutByKeyboard(alice);
    await alice.signIn();
    await alice.isOn('Second step');
    await canBeUsed(alice);
    await alice.send({ Code: '000000' }, 'Sign in');
    await alice.isRefused('The code is wrong');
    // The app would show the used code until half a minute has passed.
    await alice.send({ Code: recoveryCode }, 'Sign in');
    await alice.isOn('Dashboard');
  });

  it('bobby ends a session that was forgotten at another computer', async () => {
    const elsewhere = await stage.secondComputerOf('bobby');
    await elsewhere.open('/account/login/');
    await signInByKeyboard(elsewhere);
    await bobby.pickInMenu('Settings');
    await bobby.follow('Sessions');
    const ends = bobby.main.getByLabel(/^End the session from (?!.*this one)/);
    await ends.click();
    await bobby.main.getByText('The browser there is signed out.').filter({ visible: true }).waitFor();
    await bobby.main.getByRole('button', { name: /^Yes, end: / }).click();
    await bobby.isTold('The session has ended.');
    await elsewhere.open('/dashboard/');
    await elsewhere.isOn('Sign in');
  });

  it('alice deletes the repository: she must type its name, and make its tags mutable first', async () => {
    await openSettings(alice, 'alice/shop', 'Delete');
    const button = alice.main.getByRole('button', { name: 'Delete permanently' });
    await alice.fill('Name of the repository', 'alice/sho');
    if (hasScript) expect(await button.isDisabled()).toBe(true);
    else {
      await button.click();
      await alice.isRefused('This is not the name of the repository.');
    }
    await alice.send({ 'Name of the repository': 'alice/shop' }, 'Delete permanently');
    await alice.isRefused('alice/shop has immutable tags');
    await openSettings(alice, 'alice/shop', 'Immutable tags');
    await alice.send({ Patterns: '' }, 'Save');
    await openSettings(alice, 'alice/shop', 'Delete');
    await alice.send({ 'Name of the repository': 'alice/shop' }, 'Delete permanently');
    await alice.isTold('alice/shop was deleted.');
    await bobby.open('/r/alice/shop/', 404);
  });

  it('she signs out', async () => {
    await alice.pickInMenu('Sign out');
    await alice.isTold('You are signed out.');
    await alice.open('/dashboard/');
    await alice.isOn('Sign in');
  });
}

describeInBrowser('the story on the pages with script', () => tellStory(true));
describeInBrowser('the story on the pages without script', () => tellStory(false));
