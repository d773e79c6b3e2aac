import type { Page, Request, Response } from 'playwright-core';

function isPage(request: Request): boolean {
  return request.isNavigationRequest();
}

/**
 * Records from now on what none of our pages may cause: errors and warnings in the console, including violations of the
 * Content-Security-Policy, also without script; errors of scripts; missing resources; resources from elsewhere;
 * dialogs.
 *
 * @param origin - of the server
 * @returns the list, which grows
 */
export function collectComplaints(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  const note = (what: string): void => void complaints.push(`${new URL(page.url(), origin).pathname}: ${what}`);
  // A requested page may be an error page, which the test has to expect. Browsers also request an icon once that no
  // page names.
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
    // A reader who moves on before the icon has arrived cancels it. The console reports what a policy blocks.
    if (!isPage(request) && error !== 'net::ERR_ABORTED') note(`${request.url()} failed: ${error}`);
  });
  page.on('response', (response: Response) => {
    if (response.status() >= 400 && !isPage(response.request())) note(`${response.url()}: ${response.status()}`);
  });
  return complaints;
}
