import type { Browser } from 'playwright-core';
import { jobsOf } from '../../src/jobs';
import { describeInBrowser, launchBrowser, openTab, type Tab } from '../helpers/browser';
import { runDueJobs } from '../helpers/run-jobs';
import { actingOn, type Act } from '../helpers/showcase/act';
import { linkIn, startSmtpServer, type ReceivedMail, type TestSmtpServer } from '../helpers/smtp-server';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/*
 * What people do on the pages, by what they see: labels and buttons, with mouse and keyboard. Twice: with script and
 * without.
 */

function tellStory(hasScript: boolean): void {
  let browser: Browser;
  let smtp: TestSmtpServer;
  let server: TestServer;
  let act: Act;
  let tab: Tab;
  beforeAll(async () => {
    [browser, smtp] = await Promise.all([launchBrowser(), startSmtpServer()]);
    server = await startTestServer({ settings: { confirmationRequired: true }, smtp: smtp.settings });
    act = actingOn(server);
    await addUser(server, 'bobby');
    tab = await openTab(browser, server, { hasScript });
  });
  afterEach(() => expect(tab.complaints.splice(0)).toEqual([]));
  afterAll(async () => {
    await browser.close();
    await Promise.all([server.close(), smtp.close()]);
  });

  const nextMail = async (): Promise<ReceivedMail> => {
    await runDueJobs(server.database, jobsOf(server.ctx));
    return smtp.next();
  };

  /** Opens the link of the mail that is on its way. */
  const openMail = async (): Promise<void> => {
    expect(await tab.open(linkIn(await nextMail()))).toBe(200);
  };

  const heading = (): Promise<string> => tab.page.getByRole('heading', { level: 1 }).innerText();

  /** The status of a login by an engine. */
  const engineLogIn = async (username: string, password: string): Promise<number> => {
    const headers = { Authorization: basic(username, password) };
    return (await fetch(`${server.url}/v1/users/`, { headers })).status;
  };

  it('alice confirms her address by the link in her mail', async () => {
    const body = JSON.stringify({ username: 'alice', password: 'secret99', email: 'alice@example.com' });
    const headers = { 'Content-Type': 'application/json' };
    expect((await fetch(`${server.url}/v1/users/`, { method: 'POST', headers, body })).status).toBe(201);
    expect(await engineLogIn('alice', 'secret99')).toBe(403);
    await openMail();
    await tab.page.getByRole('button', { name: 'Confirm' }).click();
    expect(await heading()).toBe('Your address is confirmed');
    expect(await engineLogIn('alice', 'secret99')).toBe(200);
  });

  it('she forgets her password, and sets another one with the keyboard', async () => {
    await tab.open('/account/reset');
    await tab.page.getByLabel('Username or e-mail address').fill('alice');
    await tab.page.keyboard.press('Enter');
    await tab.page.getByText('a mail is on its way').waitFor();
    await openMail();
    await tab.page.getByLabel('New password').focus();
    await tab.page.keyboard.type('alicepw');
    await tab.page.keyboard.press('Tab');
    await tab.page.keyboard.press('Enter');
    await tab.page.getByText('You can log in as alice').waitFor();
    expect(await engineLogIn('alice', 'secret99')).toBe(401);
    expect(await engineLogIn('alice', 'alicepw')).toBe(200);
    expect((await nextMail()).parsed.subject).toContain('password');
  });

  it('she invites somebody into her organization, and bobby joins by the link', async () => {
    await act('alice', 'POST', 'orgs/', { name: 'acme' });
    await act('alice', 'PUT', 'orgs/acme/teams/builders/', {});
    await act('alice', 'POST', 'orgs/acme/teams/builders/invitations/', { email: 'new@example.org' });
    await openMail();
    await tab.page.getByLabel('Username').fill('bobby');
    await tab.page.getByLabel('Password').fill('bobbypw');
    await tab.page.getByRole('button', { name: 'Join' }).click();
    await tab.page.getByText('You have joined').waitFor();
    const members = await act('alice', 'GET', 'orgs/acme/teams/builders/members/');
    expect(members).toMatchObject({ results: [{ username: 'bobby' }] });
  });
}

describeInBrowser('the story on the pages with script', () => tellStory(true));
describeInBrowser('the story on the pages without script', () => tellStory(false));
