import type { Tab } from './browser';

/*
 * Says what payloads (`payloads.ts`) got of a page.
 */

const REPORT = '__owned';

/** Markup that no page of ours has: only a payload that was not escaped leaves it. */
const FOREIGN = `[...document.querySelectorAll('*')].filter((element) =>
  element.hasAttribute('data-owned') ||
  [...element.attributes].some(({ name, value }) =>
    name.startsWith('on') || (name === 'style' && value.includes('evil')) ||
    (/^(xlink:)?href$|^src$|^action$|^formaction$|^data$/.test(name) &&
      /^[\\0- ]*(javascript|vbscript|data):/i.test(value.replace(/[\\t\\n\\r]/g, '')) && !/^data:image\\//.test(value))) ||
  (element.localName === 'script' && !element.hasAttribute('src')) ||
  ['style', 'iframe', 'object', 'embed', 'base', 'plaintext', 'noembed', 'marquee'].includes(element.localName)
).map((element) => element.outerHTML.slice(0, 200))`;

/** Watches a tab that will meet payloads; call it before any page is opened. */
export async function watchOwnership(tab: Tab): Promise<{ damage(): Promise<string[]> }> {
  let calls = 0;
  await tab.context.exposeFunction(REPORT, () => void (calls += 1));
  return {
    /**
     * What the page that is open suffered, and those before it since the last question: scripts that ran, markup that
     * got in, and whatever the tab complains of, as requests to elsewhere.
     */
    damage: async () => {
      // A page that a payload sends elsewhere cannot be asked.
      const markup = await tab.page.evaluate<string[]>(FOREIGN).catch((error: unknown) => [String(error)]);
      const ran = calls === 0 ? [] : [`a payload ran ${calls} times`];
      calls = 0;
      return [...ran, ...markup, ...tab.complaints.splice(0)];
    },
  };
}
