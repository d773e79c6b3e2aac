import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** Fetching style sheets once more is against the policy of the pages, and they are our own anyway. */
const RUN = 'axe.run(document, { resultTypes: ["violations"], preload: false })';

/**
 * What axe-core finds on a page that keeps people out, as lines to read: the rule, what it wants, and where. The
 * browser's own door for debuggers brings it in, which the policy of the page does not close, so that the page is as
 * its readers have it.
 *
 * @param page - of a tab with script
 */
export async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(RUN);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) => nodes.map(({ html, target }) => `${id}: ${help}: ${target.join(' ')} ${html}`));
}
