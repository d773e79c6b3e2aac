import { jobsOf } from '../../src/jobs';
import { linePayloads, URL_PAYLOADS } from './payloads';
import { startReceiver } from './receiver';
import { runDueJobs } from './run-jobs';
import type { Act } from './showcase/act';
import type { TestServer } from './test-server';

/** Webhooks with payloads for names and URLs, and receivers that answer with payloads, in headers, bodies and callbacks. */

const HTTP_URLS = URL_PAYLOADS.filter((text) => text.startsWith('http'));

/** What an answer's header may carry. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '');

function nth(texts: readonly string[], index: number): string {
  return texts[index % texts.length] ?? '';
}

async function callBack(request: { readonly body: string }, index: number): Promise<void> {
  const { callback_url: url } = JSON.parse(request.body) as { callback_url: string };
  const body = {
    state: 'success',
    description: nth(linePayloads(255), index),
    context: nth(linePayloads(100), index),
    target_url: nth(HTTP_URLS, index),
  };
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

/** Gives `trap` of each account a webhook that goes nowhere, and one that was tested. */
export async function fillHooks(server: TestServer, act: Act, names: readonly string[]): Promise<void> {
  const answers = linePayloads(1000);
  const receiver = await startReceiver((_request, before) => {
    const text = nth(answers, before);
    return { status: 200, headers: { 'Content-Type': 'text/html', 'X-Payload': printable(text) }, body: text };
  });
  try {
    for (const [index, username] of names.entries()) {
      const hooks = `repositories/${username}/trap/webhooks/`;
      const name = (at: number): string => nth(linePayloads(64), at).trim();
      const { id } = await act(username, 'POST', hooks, { name: name(index), urls: [`${receiver.url}/${index}`] });
      await act(username, 'POST', hooks, { name: name(index + names.length), urls: [nth(HTTP_URLS, index)] });
      await act(username, 'POST', `${hooks}${id as number}/test/`);
    }
    await runDueJobs(server.database, jobsOf(server.ctx));
    for (const [index, request] of receiver.received.entries()) await callBack(request, index);
  } finally {
    await receiver.close();
  }
}
