import { once } from 'node:events';
import { connect } from 'node:net';
import { AppError } from '../../../platform/errors';
import { parseUrl } from './doctor';

const PORTS = { http: 80, https: 443 } as const;

/**
 * Checks that a connection to the server can be opened, before all engines report the same.
 *
 * @throws AppError `unavailable`
 */
export async function assertListens(url: string, timeoutMs: number): Promise<void> {
  const { schemes, host } = parseUrl(url);
  const problems: string[] = [];
  for (const scheme of schemes) {
    const { hostname, port } = new URL(`${scheme}://${host}/`);
    const place = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port === '' ? PORTS[scheme] : port) };
    const problem = await problemOf(place, timeoutMs);
    if (problem === undefined) return;
    problems.push(problem);
  }
  throw new AppError('unavailable', `Nothing listens at ${url}: ${[...new Set(problems)].join('; ')}`);
}

async function problemOf(place: { host: string; port: number }, timeoutMs: number): Promise<string | undefined> {
  const socket = connect(place);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    return undefined;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    if (error.name === 'AbortError') return `no connection within ${timeoutMs / 1000} s`;
    return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
  } finally {
    socket.destroy();
  }
}
