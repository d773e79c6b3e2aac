/*
 * What every place of the hub does with a repository in each of its states, in one table. The code uses it, and
 * `tests/surfaces/repository-states.test.ts` tries each of its cells on a server.
 *
 *   PUT R/, create                       -> initialized
 *   initialized                          -> active        by the end of a push, or a tag that was copied to it
 *   initialized, active                  -> deleting      by DELETE R/ of the old protocol (2.11)
 *   deleting                             -> gone          by DELETE R/ once more, or 24 hours later
 *   initialized, active, deleting        -> gone          by a DELETE of the API, the page or the command line
 *
 * Two rules follow from it. A repository that nobody has pushed to is found by its name, and by those who work on it,
 * but in no public list. A repository that is being deleted holds nothing but its name, which the last step of the old
 * protocol needs; those who work on it see it, and those who administer it can end the deletion at once.
 */

/** The states that a repository of this registry is in. */
export const REPOSITORY_STATES = ['initialized', 'active', 'deleting'] as const;
export type RepositoryState = (typeof REPOSITORY_STATES)[number];

/** What a name can stand for: a repository in one of its states, a former name, or a repository of another index. */
export const SITUATIONS = [...REPOSITORY_STATES, 'former', 'remote'] as const;
export type Situation = (typeof SITUATIONS)[number];

/**
 * What happens there:
 *
 * - `yes`: it counts, is shown, or works, for everybody who has access
 * - `members`: the same, but only for those who have a role in the repository
 * - `follows`: as for the repository that has the name now
 * - `refused`: users who have the right to it learn why it does not work now
 * - `no`: it does not count, is not shown, or is not found
 */
export type Outcome = 'yes' | 'members' | 'follows' | 'refused' | 'no';

/** One outcome for each of `SITUATIONS`, in their order. */
type Row = readonly [Outcome, Outcome, Outcome, Outcome, Outcome];

// prettier-ignore
export const PLACES = {
  //                     initialized  active     deleting   former     remote
  // takes one of the private repositories of the plan
  plan:                  ['yes',      'yes',     'no',      'no',      'no'],
  // keeps the name from others: create, and the target of a move
  name:                  ['yes',      'yes',     'yes',     'yes',     'yes'],
  v1Push:                ['yes',      'yes',     'refused', 'refused', 'refused'],
  v1SetTag:              ['yes',      'yes',     'no',      'no',      'no'],
  v1Images:              ['yes',      'yes',     'no',      'follows', 'no'],
  v1Tags:                ['yes',      'yes',     'no',      'follows', 'no'],
  v1Delete:              ['yes',      'yes',     'yes',     'no',      'no'],
  v1Search:              ['no',       'yes',     'no',      'no',      'no'],
  apiSearch:             ['no',       'yes',     'no',      'no',      'no'],
  searchPage:            ['no',       'yes',     'no',      'no',      'no'],
  explore:               ['no',       'yes',     'no',      'no',      'no'],
  profile:               ['members',  'yes',     'members', 'no',      'no'],
  apiList:               ['members',  'yes',     'members', 'no',      'no'],
  apiGet:                ['yes',      'yes',     'members', 'follows', 'no'],
  apiPatch:              ['yes',      'yes',     'refused', 'no',      'no'],
  apiDelete:             ['yes',      'yes',     'yes',     'no',      'no'],
  apiTags:               ['yes',      'yes',     'no',      'follows', 'no'],
  page:                  ['yes',      'yes',     'members', 'follows', 'no'],
  settingsPage:          ['yes',      'yes',     'refused', 'follows', 'no'],
  deletePage:            ['yes',      'yes',     'yes',     'no',      'no'],
  commandList:           ['yes',      'yes',     'yes',     'no',      'yes'],
  commandVisibility:     ['yes',      'yes',     'refused', 'no',      'refused'],
  commandMove:           ['yes',      'yes',     'refused', 'no',      'refused'],
  commandDelete:         ['yes',      'yes',     'yes',     'no',      'yes'],
  move:                  ['yes',      'yes',     'refused', 'no',      'no'],
  webhookSettings:       ['yes',      'yes',     'refused', 'no',      'no'],
  // deliveries that a finished push has queued are sent
  webhookDelivery:       ['yes',      'yes',     'no',      'follows', 'yes'],
  statistics:            ['yes',      'yes',     'no',      'follows', 'no'],
  star:                  ['yes',      'yes',     'no',      'no',      'no'],
} as const satisfies Readonly<Record<string, Row>>;

export type Place = keyof typeof PLACES;

/** What happens at a place, if a name stands for this. */
export function outcomeAt(place: Place, situation: Situation): Outcome {
  return PLACES[place][SITUATIONS.indexOf(situation)] ?? 'no';
}

function stateIn(states: readonly RepositoryState[]): string {
  const [only] = states;
  if (only === undefined) return 'false';
  if (states.length === 1) return `r.state = '${only}'`;
  return `r.state in (${states.map((state) => `'${state}'`).join(', ')})`;
}

/**
 * The same as an SQL condition on a repository `r`.
 *
 * @param hasRole - whether the caller has a role in it, in SQL; only needed for a place that has `members`
 */
export function isShownSql(place: Place, hasRole = 'false'): string {
  const of = (wanted: Outcome): RepositoryState[] =>
    REPOSITORY_STATES.filter((state) => outcomeAt(place, state) === wanted);
  const [all, members] = [of('yes'), of('members')];
  return members.length === 0 ? stateIn(all) : `(${stateIn(all)} or (${stateIn(members)} and ${hasRole}))`;
}
