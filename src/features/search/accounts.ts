import { containing, startingWith } from '../../platform/db/query';
import { assertStillGood } from '../access/current-account';
import * as store from './accounts.store';
import { inTurn, isHopeless, MAX_WORDS, splitTerm, type Searcher, type SearchNeeds } from './search';

export type { AccountKind } from './accounts.store';

/** A user or an organization that was found: what everyone may see on its page. */
export interface AccountHit {
  readonly name: string;
  readonly kind: store.AccountKind;
  readonly fullName: string;
  readonly location: string;
  readonly company: string;
}

/** A page of accounts, and how many of each kind match. */
export interface AccountPage {
  readonly users: number;
  readonly organizations: number;
  readonly accounts: readonly AccountHit[];
}

/** What to search for. */
export interface AccountsWanted {
  readonly term: string;
  /** undefined: users and organizations */
  readonly kind?: store.AccountKind | undefined;
  /** from 1 */
  readonly page: number;
  /** 0: only the numbers */
  readonly pageSize: number;
}

const NOTHING: AccountPage = { users: 0, organizations: 0, accounts: [] };

/** The index has all sequences of three letters: a shorter word has one only at its start. */
const SHORTEST_PART = 3;

function patternsOf(word: string): store.WordPatterns {
  if ([...word].length >= SHORTEST_PART) return { pattern: containing(word), later: undefined };
  return { pattern: startingWith(word), later: `% ${startingWith(word)}` };
}

/**
 * Searches the names and full names of users and organizations for all words of a term, in any order and case (as far as
 * the database knows it: that of the embedded one is C, which knows no capital letters beyond ASCII). A word
 * of one or two letters only finds names that begin with it. The account that has the term as its name comes first, then
 * those whose names begin with it. Deactivated accounts and robots are never found, and an empty term finds nothing.
 *
 * @throws AppError `unauthenticated`, `inactive` when the account behind the actor has ended in the meantime; `busy`
 */
export async function searchAccounts(
  ctx: SearchNeeds,
  searcher: Searcher,
  { term, kind, page, pageSize }: AccountsWanted,
): Promise<AccountPage> {
  await assertStillGood(ctx, searcher.actor);
  const words = splitTerm(term).slice(0, MAX_WORDS);
  const [first] = words;
  if (first === undefined || isHopeless(term)) return NOTHING;
  const wanted = {
    words: words.map(patternsOf),
    kind,
    exact: words.join(' ').toLowerCase(),
    prefix: startingWith(first.toLowerCase()),
    limit: pageSize,
    offset: (page - 1) * pageSize,
  };
  const { users, organizations, accounts } = await inTurn(ctx, searcher, () => store.searchAccounts(ctx.db, wanted));
  const hits = accounts.map(({ full_name: fullName, ...account }) => ({ ...account, fullName }));
  return { users, organizations, accounts: hits };
}
