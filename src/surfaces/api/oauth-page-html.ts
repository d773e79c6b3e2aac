import type { Scope } from '../../features/oauth/scopes';
import { html, type Html } from '../../platform/html/html';

/* The pages on which a user lets a client act for him: plain HTML, without script or style. */

const MEANINGS: Readonly<Record<Scope, string>> = {
  profile_read: 'see your profile',
  profile_write: 'change your profile',
  email_read: 'see your e-mail addresses',
  email_write: 'add and remove e-mail addresses',
};

function page(title: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title}</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `.toString();
}

/** @param sentence - what went wrong */
export function errorPage(sentence: string): string {
  return page('This does not work', html`<p>${sentence}</p>`);
}

/**
 * Asks for a username and password.
 *
 * @param action - where the form goes
 * @param problem - with the last try; undefined: this is the first
 */
export function loginPage(client: string, action: string, problem?: string): string {
  const notice = problem === undefined ? html`` : html`<p role="alert">${problem}</p>`;
  return page(
    'Log in',
    html`<p>${client} wants to act for you. Log in to go on.</p>
      ${notice}
      <form method="post" action="${action}">
        <p>
          <label>Username <input name="username" autocomplete="username" required autofocus /></label>
        </p>
        <p>
          <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
        </p>
        <p>
          <label>Code of the second factor, if you have one <input name="code" autocomplete="one-time-code" /></label>
        </p>
        <p><button name="step" value="login">Log in</button></p>
      </form>`,
  );
}

/** What the page asks. */
export interface Consent {
  readonly client: string;
  readonly username: string;
  readonly scopes: readonly Scope[];
  /** where the form goes */
  readonly action: string;
  readonly csrfToken: string;
}

/** Asks whether the client may have what it wants. */
export function consentPage({ client, username, scopes, action, csrfToken }: Consent): string {
  const items = scopes.map((scope) => html`<li>${MEANINGS[scope]}</li>`);
  return page(
    `Let ${client} act for you?`,
    html`<p>You are logged in as ${username}. ${client} wants to:</p>
      <ul>
        ${items}
      </ul>
      <form method="post" action="${action}">
        <input type="hidden" name="csrf_token" value="${csrfToken}" />
        <p>
          <button name="step" value="allow">Allow</button>
          <button name="step" value="deny">Deny</button>
        </p>
      </form>`,
  );
}
