import fc from 'fast-check';
import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { matchesTagPattern, tagPatternForLike } from '../../../src/features/repositories/tag-pattern';
import { previewRetention } from '../../../src/features/retention/preview';
import { reasonText } from '../../../src/features/retention/reasons';
import { checkRules, NO_RULES, type RetentionRules } from '../../../src/features/retention/rules';
import { addUser, startTestServer, type TestServer } from '../../helpers/test-server';
import { setAgedTags } from '../../helpers/aged-tags';

const DAY = 24;
const TAGS = {
  latest: 400 * DAY,
  stable: 350 * DAY,
  'v1.0': 300 * DAY,
  'v1.1': 200 * DAY,
  'v2.0': 100 * DAY,
  'dev-1': 20 * DAY,
  'dev-2': 10 * DAY,
  fresh: 0.2,
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await addUser(server, 'alice');
  await setAgedTags(server, 'alice/app', TAGS);
  await server.ctx.db('repositories').update({ immutable_tags: ['stab*'] });
});
afterAll(() => server.close());

async function preview(rules: Partial<RetentionRules>, range = { limit: 100, offset: 0 }) {
  const repository = await getAdministered(server.ctx, OPERATOR_ACTOR, readFullName('alice/app'));
  return previewRetention(server.ctx, repository, { ...NO_RULES, ...rules }, range);
}

async function deletedBy(rules: Partial<RetentionRules>): Promise<string> {
  const { tags, deleted, kept, total } = await preview(rules);
  const gone = tags.filter(({ keptBecause }) => keptBecause === undefined).map(({ tag }) => tag);
  expect([gone.length, tags.length - gone.length, tags.length]).toEqual([deleted, kept, total]);
  return gone.join(' ');
}

describe('the tags that no rule keeps, the last pushed first', () => {
  it.each<[string, Partial<RetentionRules>, string]>([
    ['no rules keep all tags', {}, ''],
    ['the last two that were pushed', { keepLast: 2 }, 'dev-1 v2.0 v1.1 v1.0'],
    ['more tags than there are', { keepLast: 100 }, ''],
    ['tags of the last days', { keepDays: 15 }, 'dev-1 v2.0 v1.1 v1.0'],
    ['tags that match a pattern', { keepTags: ['v*'] }, 'dev-2 dev-1'],
    ['tags that match one of two patterns', { keepTags: ['v?.0', 'dev-2'] }, 'dev-1 v1.1'],
    ['one rule is enough', { keepLast: 2, keepDays: 150 }, 'v1.1 v1.0'],
    ['tags that match a pattern do not count as the last', { keepLast: 2, keepTags: ['dev-*'] }, 'v1.1 v1.0'],
    ['only tags that match are considered and counted', { keepLast: 1, onlyTags: ['v*'] }, 'v1.1 v1.0'],
    ['days of the tags that are considered', { keepDays: 150, onlyTags: ['v*', 'latest', 'stable'] }, 'v1.1 v1.0'],
    [
      'latest and immutable tags stay, and the push of the last hour',
      { keepTags: ['none'] },
      'dev-2 dev-1 v2.0 v1.1 v1.0',
    ],
    ['an underscore is not a wildcard', { keepLast: 1, keepTags: ['v1_0'] }, 'dev-2 dev-1 v2.0 v1.1 v1.0'],
  ])('%s', async (_, rules, expected) => {
    expect(await deletedBy(rules)).toBe(expected);
  });
});

it('each tag that stays has its first reason', async () => {
  const rules = { keepLast: 1, keepDays: 15, keepTags: ['v2*'], onlyTags: ['v*', 'latest', 'fresh', 'dev-2'] };
  const { tags, rules: tried } = await preview(rules);
  const reasons = tags.map(({ tag, keptBecause }) => [tag, keptBecause && reasonText(keptBecause, tried)]);
  expect(Object.fromEntries(reasons)).toEqual({
    'v1.0': undefined,
    'v1.1': undefined,
    fresh: 'the last that was pushed',
    'dev-2': 'pushed in the last 15 days',
    'dev-1': 'the policy is about other tags',
    'v2.0': 'matches a pattern of tags that stay',
    stable: 'immutable',
    latest: 'latest always stays',
  });
  const names = async (offset: number) => (await preview(rules, { limit: 3, offset })).tags.map(({ tag }) => tag);
  expect([...(await names(0)), ...(await names(3)), ...(await names(6))]).toEqual(tags.map(({ tag }) => tag));
});

it.each<[string, Partial<RetentionRules>, RegExp]>([
  ['none of the last tags', { keepLast: 0 }, /whole number from 1 to 100000/],
  ['a part of a day', { keepDays: 0.5 }, /whole number from 1 to 36500/],
  ['too many days', { keepDays: 36_501 }, /whole number/],
  ['a pattern with blanks', { keepTags: ['a b'] }, /A pattern must have 1 to 128 characters/],
  ['too many patterns', { onlyTags: Array.from({ length: 21 }, (_, at) => `t${at}`) }, /at most 20/],
  ['rules that would keep nothing', { onlyTags: ['v*'] }, /would keep none of the tags/],
])('a policy cannot have %s', (_, rules, message) => {
  expect(() => checkRules({ ...NO_RULES, ...rules })).toThrow(message);
});

it('Postgres matches patterns as the immutable tags do', async () => {
  const text = (characters: string) =>
    fc.array(fc.constantFrom(...characters), { maxLength: 8 }).map((list) => list.join(''));
  const pairs = fc.sample(fc.tuple(text('ab._*?-'), text('abx._-')), 2000);
  const { rows } = await server.ctx.db.raw<{ rows: { matched: boolean }[] }>(
    'select tag like pattern as matched from unnest(?::text[], ?::text[]) with ordinality as t (pattern, tag, at) order by at',
    [pairs.map(([pattern]) => tagPatternForLike(pattern)), pairs.map(([, tag]) => tag)],
  );
  const expected = pairs.map(([pattern, tag]) => matchesTagPattern(pattern, tag));
  expect(expected.filter(Boolean).length).toBeGreaterThan(20);
  expect(rows.map(({ matched }) => matched)).toEqual(expected);
});
