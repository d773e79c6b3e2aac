import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** Fetching style sheets again would violate the policy of the pages, and they are ours anyway. */
const RUN = 'axe.run(document, { resultTypes: ["violations"], preload: false })';

/**
 * The barriers that axe-core finds on a page, as readable lines: the rule, its requirement, and the place. The script
 * is injected through the browser's debugging interface, which the policy of the page does not block, so that the page
 * is as its readers see it.
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
