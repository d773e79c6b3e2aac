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
 * Where the story happens: a server whose accounts must be confirmed, a mail server, a CI that is told of pushes, and a
 * browser in which each person has a tab of his own.
 */

export class Stage {
  private readonly people = new Map<string, Person>();
  private readonly tabs: Tab[] = [];
  /** what the server must know by what engines have sent */
  readonly hub: HubState = newHubState({});

  private constructor(
    private readonly browser: Browser,
    readonly server: TestServer,
    private readonly smtp: TestSmtpServer,
    readonly ci: Receiver,
    readonly hasScript: boolean,
  ) {}

  /** Sets it up; there is an administrator, root, and nobody else. */
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

  /** Somebody at his own computer. */
  async person(username: string): Promise<Person> {
    const known = this.people.get(username) ?? (await this.secondComputerOf(username));
    this.people.set(username, known);
    return known;
  }

  /** The same somebody at another one, where he is not signed in. */
  async secondComputerOf(username: string): Promise<Person> {
    const tab = await openTab(this.browser, this.server, { hasScript: this.hasScript });
    this.tabs.push(tab);
    return new Person(username, tab);
  }

  /** Runs the jobs that wait: mails and webhooks. */
  async runJobs(): Promise<void> {
    await makeJobsDue(this.server.database);
    await runDueJobs(this.server.database, jobsOf(this.server.ctx));
  }

  /** The link of the mail that is on its way to somebody. */
  async mailedLink(address: string): Promise<string> {
    await this.runJobs();
    const mail = await this.smtp.next();
    expect(mail.recipients).toEqual([address]);
    return linkIn(mail);
  }

  /** What all pages until now were to blame for. */
  complaints(): string[] {
    return this.tabs.flatMap(({ complaints }) => complaints.splice(0));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await Promise.all([this.server.close(), this.smtp.close(), this.ci.close()]);
  }
}
