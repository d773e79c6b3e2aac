import { comparable, type Answer, type Sender } from './answers';
import type { Caller } from './callers';
import { requestFor, variantsOf, type Values } from './requests';
import { isRead, type SweptRoute } from './routes';
import { readRows, type Row } from './rows';
import { MARKER, type Stage } from './stage';

/* How the sweep tries one route as one caller. */

/** The rows of `rows.txt`. */
export const ROWS = readRows();
const AT_ONCE = 4;

/** Who may do what a route does. */
export function rowOf(route: SweptRoute): Row {
  const row = ROWS.get(route.key);
  if (row === undefined) throw new Error(`tests/isolation/rows.txt has no row for ${route.key}`);
  return row;
}

/** Runs the work for all items, a few at once; the results are in the order of the items. */
export async function forAll<T>(items: readonly T[], work: (item: T) => Promise<string[]>): Promise<string[]> {
  const faults: string[][] = [];
  const waiting = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) faults[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return faults.flat();
}

/** Whether an answer is a refusal, if there is nothing to compare it with. */
export function isRefusal(route: Pick<SweptRoute, 'door'>, { status, headers }: Answer): boolean {
  if (status === 401 || status === 403 || status === 404) return true;
  return route.door === 'web' && status === 303 && headers['location']?.startsWith('/account/login/') === true;
}

function told(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 160);
}

/** The place where two comparable answers differ. */
function difference(one: string, other: string): string {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(0, at - 20);
  return `"${told(one.slice(from, from + 160))}" and "${told(other.slice(from, from + 160))}"`;
}

function asked(values: Values): string {
  return [...values.values()].map((value) => value.slice(0, 12)).join(' ');
}

/**
 * Sends the requests of a route for something private and for something that does not exist, as a caller.
 *
 * @returns what it shows or tells that it must not
 */
export async function tryAs(caller: Caller, route: SweptRoute, on: Stage, sender: Sender): Promise<string[]> {
  const row = rowOf(route);
  const isTheirs = caller.may(row, route);
  if (isTheirs && !isRead(route)) return [];
  const variants = variantsOf(route, on);
  const answers: Answer[] = [];
  for (const values of variants) answers.push(await sender.send(requestFor(route, values, on, caller)));
  const [real] = answers;
  const [values] = variants;
  if (real === undefined || values === undefined) throw new Error('nothing was asked');
  const fault = (what: string): string => `${route.key} as ${caller.name}: ${what}`;
  const faults = answers
    .filter(({ status }) => status >= 500)
    .map(({ status, body }) => fault(`${status} ${told(body)}`));
  for (const { headers, status } of answers) {
    if (headers['docker-distribution-api-version'] !== undefined) faults.push(fault('tells engines to leave v1'));
    if (route.door === 'v2' && status >= 300 && status < 400) faults.push(fault(`is redirected: ${status}`));
  }
  const shows = answers.some((answer) => JSON.stringify(answer).includes(MARKER));
  if (shows && !(isTheirs && caller.knowsMarker === true)) faults.push(fault('shows what is private'));
  if (isTheirs) return faults;
  if (caller.reads === true && real.status < 400) faults.push(fault(`is not refused: ${real.status}`));
  if (variants.length === 1 && caller.reads !== true && !isRefusal(route, real))
    faults.push(fault(`is not refused: ${real.status}`));
  const isAskedToLogIn = row.asksForLogin && caller.authorization === undefined;
  if (isAskedToLogIn || caller.reads === true) return faults;
  for (const [index, answer] of answers.entries()) {
    const none = variants[index];
    if (index === 0 || none === undefined) continue;
    const [one, other] = [comparable(real, values), comparable(answer, none)];
    if (one !== other) faults.push(fault(`tells ${asked(values)} from ${asked(none)}: ${difference(one, other)}`));
  }
  return faults;
}

/**
 * Whether a change is only a trace of reading: pulls and stored bytes are counted, and the last opening is remembered.
 */
export function isTrace(line: string): boolean {
  return /^(repository_openings|repository_activity|repository_totals|activity_sources|storage_\w+) /.test(line);
}
