import { headerLines, type Answer } from '../../../client/wire/answer';
import { failed, type Exchange } from './failure';
import type { Generation } from './generations';
import type { EngineSession } from './session';
import type { Place } from '../../../client/wire/wire';

/** A registry as an engine sees it: the base of its URLs. */
export interface Endpoint {
  readonly place: Place;
  /** `http://host/v1/` with the host from the header */
  readonly url: string;
}

const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;

const NEEDED = 'the header X-Docker-Endpoints with host[:port], no scheme and no path, one host a line';

/**
 * The registries that an answer to the opening request of a push or a pull names; `shown` turns an error into the text
 * that the user sees.
 */
export function takeEndpoints(
  session: EngineSession,
  exchange: Exchange,
  shown: (detail: string) => string,
): readonly Endpoint[] {
  const { generation, index } = session;
  const entries = parseEndpoints(generation, exchange.answer);
  if (!entries) {
    const isPull = exchange.request.method === 'GET';
    if (isPull && generation.endpoints === 'lists') return [{ place: index, url: session.indexUrl }];
    throw failed(exchange, NEEDED, shown("Index response didn't contain any endpoints"));
  }
  return entries.map((entry) => {
    const endpoint = endpointOf(index, entry);
    if (endpoint) return endpoint;
    throw failed(exchange, NEEDED, shown(`${index.scheme}://${entry}/v1/…: ${badEndpointText(entry)}`));
  });
}

/** The hosts that the engine reads from `X-Docker-Endpoints` (protocol 2.14); undefined if the header is absent. */
function parseEndpoints(generation: Generation, answer: Answer): readonly string[] | undefined {
  const lines = headerLines(answer, 'X-Docker-Endpoints');
  if ((lines[0] ?? '') === '') return undefined;
  if (generation.endpoints === 'lines') return lines;
  return lines.flatMap((line) => line.split(',').map((entry) => entry.trim()));
}

/** The endpoint of one entry; undefined if the engine would turn the entry into a URL without a valid host. */
export function endpointOf(index: Place, entry: string): Endpoint | undefined {
  const place = { scheme: index.scheme, host: entry };
  return HOST.test(entry) ? { place, url: `${index.scheme}://${entry}/v1/` } : undefined;
}

/** Go's error for an entry that is not a host. */
function badEndpointText(entry: string): string {
  if (/^https?:/.test(entry)) return `dial tcp: lookup ${entry.slice(0, entry.indexOf(':'))}: no such host`;
  const bad = /[^A-Za-z0-9._:[\]/-]/.exec(entry)?.[0];
  return bad === undefined ? `no route to ${entry}` : `invalid character ${JSON.stringify(bad)} in host name`;
}
