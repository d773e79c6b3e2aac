import type { Page, Request, Response } from 'playwright-core';

function isPage(request: Request): boolean {
  return request.isNavigationRequest();
}

/**
 * Writes down from now on what no page of ours should have: errors and warnings in the console, among which are the
 * violations of the Content-Security-Policy, also without script; errors of scripts; parts that cannot be had; parts
 * from elsewhere; dialogs.
 *
 * @param origin - of the server
 * @returns the list, which grows
 */
export function collectComplaints(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  const note = (what: string): void => void complaints.push(`${new URL(page.url(), origin).pathname}: ${what}`);
  // A page that was asked for may be an error page: that it is one is for the test to expect. And an icon that no page
  // names is what browsers ask for by themselves, once.
  const pages = new Set([`${origin}/favicon.ico`]);
  page.on('console', (message) => {
    const isAboutPage = message.text().startsWith('Failed to load resource') && pages.has(message.location().url);
    if (['error', 'warning'].includes(message.type()) && !isAboutPage) note(message.text());
  });
  page.on('pageerror', (error) => note(error.message));
  page.on('dialog', (dialog) => {
    note(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (isPage(request)) pages.add(request.url());
    const { protocol, origin: from } = new URL(request.url());
    if (protocol.startsWith('http') && from !== origin) note(`asks elsewhere for ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    const error = request.failure()?.errorText;
    // Who goes on before the icon has come does not wait for it. What a policy blocks is told by the console.
    if (!isPage(request) && error !== 'net::ERR_ABORTED') note(`${request.url()} failed: ${error}`);
  });
  page.on('response', (response: Response) => {
    if (response.status() >= 400 && !isPage(response.request())) note(`${response.url()}: ${response.status()}`);
  });
  return complaints;
}
