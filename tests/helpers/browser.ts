import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { collectComplaints } from './complaints';
import { passwordOf } from './test-server';

/*
 * A real Chromium: one browser for a test file, because it takes long to start, and one context, with cookies of its
 * own, for each tab.
 */

const EXECUTABLE = '/usr/bin/chromium';

/**
 * Host names do not resolve, so that no page can fetch anything from elsewhere, even on a machine with internet access.
 */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
];

/** Ends what hangs: a busy machine takes long to draw a large page. */
const TIMEOUT_MS = 120_000;

const DEVICES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

/** How a reader views pages. */
export interface Look {
  /** False: no script runs, as for readers who have disabled it. */
  readonly hasScript?: boolean;
  readonly scheme?: 'light' | 'dark';
  readonly device?: keyof typeof DEVICES;
  /** The time zone of the reader; UTC by default. */
  readonly timeZone?: string;
  /** The logged-in user, with the password of `addUser`; undefined: nobody. */
  readonly as?: string | undefined;
}

/** A tab of a separate reader. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** The problems on all pages so far: errors in the console, violations of the policy, requests that failed. */
  readonly complaints: string[];
  /** Opens a path of the server; resolves to the status. */
  open(path: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * Describes tests with a browser. On a machine without one they do not run, which is reported; where everything must
 * run (`.ci/run`), its absence is an error.
 *
 * @throws Error in CI
 */
export function describeInBrowser(name: string, tests: () => void): void {
  if (existsSync(EXECUTABLE)) return describe(name, tests);
  if (process.env['CI'] !== undefined) throw new Error('chromium is not installed: see .ci/run');
  console.warn(`NOT TESTED: ${name}. Chromium is not installed (apt-get install chromium fonts-dejavu-core)`);
  // A file without any test fails.
  it(`${name} wait for a machine with Chromium`, () => expect(existsSync(EXECUTABLE)).toBe(false));
}

/** Starts the browser; the caller ends it with `close`. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

/** Opens a tab whose reader reads English. */
export async function openTab(browser: Browser, server: { readonly url: string }, look: Look = {}): Promise<Tab> {
  const { hasScript = true, scheme = 'light', device = 'desktop', timeZone = 'UTC', as } = look;
  const context = await browser.newContext({
    baseURL: server.url,
    javaScriptEnabled: hasScript,
    colorScheme: scheme,
    viewport: DEVICES[device],
    locale: 'en-GB',
    timezoneId: timeZone,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(TIMEOUT_MS);
  if (as !== undefined) await logInTab(context, as);
  const page = await context.newPage();
  return {
    page,
    context,
    complaints: collectComplaints(page, server.url),
    open: async (path) => (await page.goto(path))?.status() ?? 0,
    close: () => context.close(),
  };
}

/** Gives a tab the session of a user that `addUser` created. */
export async function logInTab(context: BrowserContext, username: string): Promise<void> {
  // The context's own client keeps the cookie where the pages find it.
  const answer = await context.request.post('/api/v1.1/session/', {
    data: { username, password: passwordOf(username) },
  });
  if (answer.status() !== 201) throw new Error(`${username} cannot log in: ${answer.status()} ${await answer.text()}`);
}
