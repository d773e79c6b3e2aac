import type { Tab } from './browser';

/* Detects what payloads (`payloads.ts`) achieved on a page. */

const REPORT = '__owned';

/** Markup that none of our pages has, so that only an unescaped payload can leave it. */
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
     * The damage on the open page, and on those before it since the last call: scripts that ran, injected markup, and
     * everything that the tab complains about, such as requests to elsewhere.
     */
    damage: async () => {
      // A page that a payload redirected elsewhere cannot be checked.
      const markup = await tab.page.evaluate<string[]>(FOREIGN).catch((error: unknown) => [String(error)]);
      const ran = calls === 0 ? [] : [`a payload ran ${calls} times`];
      calls = 0;
      return [...ran, ...markup, ...tab.complaints.splice(0)];
    },
  };
}
