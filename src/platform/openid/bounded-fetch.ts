import { readLimited } from '../http/outgoing';

/** What `fetch` gets, as far as the library of OpenID Connect uses it. */
type FetchOptions = Pick<RequestInit, 'method' | 'headers' | 'body' | 'signal'>;

/** The statuses with which an answer cannot have a body. */
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * A `fetch` that reads at most so many bytes of an answer, and follows no redirect, because our credentials must not be
 * sent to its target.
 *
 * @returns throws as `fetch`, and an Error for a larger answer
 */
export function boundedFetch(limitBytes: number): (url: string, options: FetchOptions) => Promise<Response> {
  return async (url, { method, headers, body, signal }) => {
    const response = await fetch(url, {
      redirect: 'manual',
      ...(method === undefined ? {} : { method }),
      ...(headers === undefined ? {} : { headers }),
      body: body ?? null,
      signal: signal ?? null,
    });
    const { status } = response;
    const read = await readLimited(response, limitBytes);
    const answer = new Response(EMPTY.has(status) ? null : new Uint8Array(read), { status, headers: response.headers });
    return Object.defineProperty(answer, 'url', { value: url });
  };
}
