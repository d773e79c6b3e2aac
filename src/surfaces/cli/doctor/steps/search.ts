import { failed } from '../failure';
import type { Step } from '../engine-run';
import { parseSearch } from '../parsed';
import type { Header } from '../../../../client/wire/answer';
import { greet } from './ping';

/**
 * `docker search` for the repository (protocol 2.13). Engines up to 1.0 search only the official index, so the request
 * is the one that it got.
 */
export const search: Step = async (run) => {
  const { session, repository } = run;
  await greet(session, 'search');
  const { tokenHeader, basic, suffix } = session.generation.search;
  const term = repository.split('/').at(-1) ?? repository;
  const headers: Header[] = tokenHeader ? [['X-Docker-Token', 'true']] : [];
  const url = `${session.indexUrl}search?q=${encodeURIComponent(term)}${suffix}`;
  const exchange = await session.send({ method: 'GET', url, auth: basic ? 'basic' : 'none', headers });
  const { status, body } = exchange.answer;
  if (status !== 200) throw failed(exchange, '200', `Unexpected status code ${status}`);
  const found = parseSearch(body);
  if (!found) {
    const needed = 'an object with results: name and description as strings, star_count as a number, is_… as booleans';
    throw failed(exchange, needed, 'json: cannot unmarshal the results');
  }
  const isThere = (found.results ?? []).some(({ name }) => name === repository || name === `library/${repository}`);
  if (!isThere) throw failed(exchange, `${repository} among the results`, 'a list without the repository');
  return undefined;
};
