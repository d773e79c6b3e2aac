import type { Person } from './person';
import type { Stage } from './stage';

/** Creates an account, opens the link in the mail, and signs in. */
export async function signUp(stage: Stage, person: Person): Promise<void> {
  const { username, email, password } = person;
  await person.open('/');
  await person.tab.page.getByRole('banner').getByRole('link', { name: 'Sign up' }).click();
  await person.send({ Username: username, 'Email address': email, Password: password }, 'Sign up');
  await person.isOn('Confirm your address');
  await person.signIn();
  await person.isRefused('This account is not active');
  await person.open(await stage.mailedLink(email));
  await person.press('Confirm');
  await person.isOn('Your address is confirmed');
  await person.follow('Sign in');
  await signInByKeyboard(person);
}

/** Signs in on the open page, without a mouse. */
export async function signInByKeyboard(person: Person): Promise<void> {
  const { page } = person.tab;
  await person.isOn('Sign in');
  await person.tabTo(person.main.getByLabel('Username'));
  await page.keyboard.type(person.username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(person.password);
  await page.keyboard.press('Enter');
  await person.isOn('Dashboard');
}

/** Opens the menu of the account and signs out, without a mouse. */
export async function signOutByKeyboard(person: Person): Promise<void> {
  const { page } = person.tab;
  const header = page.getByRole('banner');
  await person.tabTo(header.locator('summary'));
  await page.keyboard.press('Enter');
  await person.tabTo(header.getByRole('button', { name: 'Sign out' }));
  await page.keyboard.press('Enter');
  await person.isTold('You are signed out.');
}
