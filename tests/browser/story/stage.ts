import type { Browser } from 'playwright-core';
import { jobsOf } from '../../../src/jobs';
import { addressRule } from '../../../src/platform/http/address-rules';
import { GuardedClient } from '../../../src/platform/http/guarded-post';
import { launchBrowser, openTab, type Tab } from '../../helpers/browser';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { makeJobsDue, runDueJobs } from '../../helpers/run-jobs';
import { linkIn, startSmtpServer, type TestSmtpServer } from '../../helpers/smtp-server';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { newHubState, type HubState } from '../../protocol/hub-state';
import { Person } from './person';

/*
 * The place of the story: a server whose accounts must be confirmed, a mail server, a CI that is notified of pushes,
 * and a browser in which each person has their own tab.
 */

export class Stage {
  private readonly people = new Map<string, Person>();
  private readonly tabs: Tab[] = [];
  /** the state that the server must have after the requests of the engines */
  readonly hub: HubState = newHubState({});

  private constructor(
    private readonly browser: Browser,
    readonly server: TestServer,
    private readonly smtp: TestSmtpServer,
    readonly ci: Receiver,
    readonly hasScript: boolean,
  ) {}

  /** Sets the stage up; there is an administrator, root, and nobody else. */
  static async open(hasScript: boolean): Promise<Stage> {
    const [browser, smtp, ci] = await Promise.all([launchBrowser(), startSmtpServer(), startReceiver()]);
    const server = await startTestServer({
      settings: { confirmationRequired: true },
      smtp: smtp.settings,
      guardedClient: new GuardedClient(addressRule(['127.0.0.1'])),
    });
    await addUser(server, 'root', { isAdmin: true });
    return new Stage(browser, server, smtp, ci, hasScript);
  }

  /** A person at their own computer. */
  async person(username: string): Promise<Person> {
    const known = this.people.get(username) ?? (await this.secondComputerOf(username));
    this.people.set(username, known);
    return known;
  }

  /** The same person at another computer, where they are not signed in. */
  async secondComputerOf(username: string): Promise<Person> {
    const tab = await openTab(this.browser, this.server, { hasScript: this.hasScript });
    this.tabs.push(tab);
    return new Person(username, tab);
  }

  /** Runs the waiting jobs: mails and webhooks. */
  async runJobs(): Promise<void> {
    await makeJobsDue(this.server.database);
    await runDueJobs(this.server.database, jobsOf(this.server.ctx));
  }

  /** The link of the waiting mail to an address. */
  async mailedLink(address: string): Promise<string> {
    await this.runJobs();
    const mail = await this.smtp.next();
    expect(mail.recipients).toEqual([address]);
    return linkIn(mail);
  }

  /** The complaints about all pages until now. */
  complaints(): string[] {
    return this.tabs.flatMap(({ complaints }) => complaints.splice(0));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.server.close(), this.smtp.close(), this.ci.close()]);
  }
}
