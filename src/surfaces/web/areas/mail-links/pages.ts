import { html, type Html } from '../../../../platform/html/html';
import type { Headers, Reply } from '../../../../platform/http/exchange';

/**
 * A whole page.
 *
 * @param title - stands in the tab and above the page
 */
export function page(status: number, title: string, body: Html, headers: Headers = {}): Reply {
  const markup = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - Drydock</title>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html> `;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers }, body: markup.toString() };
}

/** A page of one sentence. */
export function sentence(status: number, title: string, text: string, headers: Headers = {}): Reply {
  return page(status, title, html`<p>${text}</p>`, headers);
}

/** A form that asks who somebody is. It posts to where it stands, as do all forms here. */
export function nameForm(button: string): Html {
  return html`<form method="post">
    <p>
      <label for="account">Username or e-mail address</label>
      <input id="account" name="account" required maxlength="254" autocomplete="username" autocapitalize="none" />
    </p>
    <p><button type="submit">${button}</button></p>
  </form>`;
}

/** @param error - what was wrong with the password that was sent */
export function passwordForm(username: string, error?: string): Html {
  return html`${error === undefined ? undefined : html`<p role="alert">${error}</p>`}
    <form method="post">
      <p>For the account <strong>${username}</strong>. Wherever it is logged in, it is logged out by this.</p>
      <p>
        <label for="password">New password</label>
        <input id="password" name="password" type="password" required minlength="5" autocomplete="new-password" />
      </p>
      <p><button type="submit">Set the password</button></p>
    </form>`;
}

export function confirmForm(username: string): Html {
  return html`<form method="post">
    <p>This address is that of the account <strong>${username}</strong>.</p>
    <p><button type="submit">Confirm</button></p>
  </form>`;
}

/**
 * Asks whether somebody wants to join a team.
 *
 * @param member - who is logged in; undefined: nobody, so that the form asks
 * @param error - what was wrong with what was sent
 */
export function joinForm(
  invitation: { readonly invitedBy: string; readonly team: string; readonly organization: string },
  member: { readonly username: string; readonly csrfToken: string } | undefined,
  error?: string,
): Html {
  const { invitedBy, team, organization } = invitation;
  const who =
    member === undefined
      ? html`<p>Log in to join it.</p>
          <p>
            <label for="username">Username</label>
            <input
              id="username"
              name="username"
              required
              maxlength="255"
              autocomplete="username"
              autocapitalize="none"
            />
          </p>
          <p>
            <label for="password">Password</label>
            <input id="password" name="password" type="password" required autocomplete="current-password" />
          </p>`
      : html`<input type="hidden" name="csrf_token" value="${member.csrfToken}" />
          <p>You are logged in as <strong>${member.username}</strong>.</p>`;
  return html`<p>${invitedBy} invites you to the team <strong>${team}</strong> of <strong>${organization}</strong>.</p>
    ${error === undefined ? undefined : html`<p role="alert">${error}</p>`}
    <form method="post">
      ${who}
      <p><button type="submit">Join</button></p>
    </form>`;
}
