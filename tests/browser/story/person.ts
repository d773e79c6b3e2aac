import type { Locator } from 'playwright-core';
import type { Tab } from '../../helpers/browser';

/** The number of times that a person presses Tab before giving up. */
const PATIENCE = 80;

/** A person at a browser, who finds things on pages only by their labels. */
export class Person {
  constructor(
    readonly username: string,
    readonly tab: Tab,
  ) {}

  get main(): Locator {
    return this.tab.page.getByRole('main');
  }

  /** Types an address, or opens a link of a mail. */
  async open(path: string, status = 200): Promise<void> {
    expect([path, await this.tab.open(path)]).toEqual([path, status]);
  }

  /** Follows a link of the page's content. */
  async follow(name: string): Promise<void> {
    await this.main.getByRole('link', { name, exact: true }).first().click();
  }

  /** Fills a field. */
  async fill(label: string, text: string): Promise<void> {
    await this.main.getByLabel(label, { exact: true }).fill(text);
  }

  /** Chooses from a list. */
  async choose(label: string, option: string): Promise<void> {
    await this.main.getByLabel(label, { exact: true }).selectOption({ label: option });
  }

  /** Presses a button. */
  async press(name: string): Promise<void> {
    await this.main.getByRole('button', { name, exact: true }).click();
  }

  /** Fills a form, and sends it. */
  async send(fields: Readonly<Record<string, string>>, button: string): Promise<void> {
    for (const [label, text] of Object.entries(fields)) await this.fill(label, text);
    await this.press(button);
  }

  /** Expects the site to say what was done. */
  async isTold(text: string): Promise<void> {
    await this.main.getByRole('status').filter({ hasText: text }).waitFor();
  }

  /** Expects the site to say what was wrong. */
  async isRefused(text: string): Promise<void> {
    await this.main.getByRole('alert').filter({ hasText: text }).waitFor();
  }

  /** Waits for a page by its heading. */
  async isOn(heading: string): Promise<void> {
    await this.tab.page.getByRole('heading', { level: 1, name: heading }).waitFor();
  }

  /** Reads a line that is meant to be copied. */
  async read(label: string): Promise<string> {
    return this.main.getByLabel(label, { exact: true }).innerText();
  }

  /** Moves to an element with the keyboard alone. */
  async tabTo(target: Locator): Promise<void> {
    for (let presses = 0; presses < PATIENCE; presses += 1) {
      if (await target.evaluate((element) => element.ownerDocument.activeElement === element)) return;
      await this.tab.page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not lead to ${String(target)}`);
  }

  /** Opens the menu of the account, and follows one of its links. */
  async pickInMenu(name: string): Promise<void> {
    const header = this.tab.page.getByRole('banner');
    await header.locator('summary').click();
    await header.getByText(name, { exact: true }).last().click();
  }

  /** Signs in with the mouse. */
  async signIn(password = this.password): Promise<void> {
    await this.open('/account/login/');
    await this.send({ Username: this.username, Password: password }, 'Sign in');
  }

  get password(): string {
    return `${this.username}pw`;
  }

  get email(): string {
    return `${this.username}@example.com`;
  }
}
