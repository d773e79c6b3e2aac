import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { createAccountToken, revokeAccountToken } from '../../../src/features/accounts/own-access-tokens';
import { tellExpiringTokens } from '../../../src/features/accounts/expiry-notices';
import { createOrganization } from '../../../src/features/namespaces/organizations';
import { createRobot, createRobotToken } from '../../../src/features/namespaces/robots';
import { queuedJobs } from '../../helpers/run-jobs';
import { createMailPlace, type MailPlace } from '../../helpers/mail-place';
import { addUser } from '../../helpers/test-server';

let place: MailPlace;
beforeAll(async () => {
  place = await createMailPlace();
  for (const name of ['alice', 'robert', 'olga']) await addUser(place, name);
});
afterAll(() => place.close());
beforeEach(() => place.deliver());
afterEach(() => place.database.db('access_tokens').delete());

/** A token that was created so many days ago, and expires in so many. */
async function token(name: string, { age, left }: { age: number; left: number }, username = 'alice'): Promise<number> {
  const { token: made } = await createAccountToken(place.ctx, OPERATOR_ACTOR, username, { name, access: 'read' });
  await move(made.id, { age, left });
  return made.id;
}

async function move(id: number, { age, left }: { age: number; left: number }): Promise<void> {
  const at = (days: number) => place.database.db.raw(`now() + ? * interval '1 day'`, [days]);
  await place.database
    .db('access_tokens')
    .where({ id })
    .update({ created_at: at(-age), expires_at: at(left) });
}

async function told(): Promise<string[]> {
  await tellExpiringTokens(place.ctx, new AbortController().signal);
  const mails = await place.deliver();
  const expiring = mails.filter(({ parsed }) => parsed.subject?.includes(' expires on ') === true);
  return expiring
    .map(({ recipients, parsed }) => `${recipients.join()} ${/token “(.*)”/.exec(parsed.text ?? '')?.[1]}`)
    .sort();
}

it('comes seven days before the expiry and one day before it, each once, and says what to do', async () => {
  const id = await token('ci', { age: 30, left: 7.01 });
  expect(await told()).toEqual([]);
  await move(id, { age: 30, left: 6.9 });
  expect(await told()).toEqual(['alice@example.com ci']);
  const text = place.smtp.mails.at(-1)?.parsed.text ?? '';
  const [row] = await place.database.db('access_tokens').where({ id });
  const when = (row.expires_at as Date).toISOString().slice(0, 16).replace('T', ' ');
  for (const part of ['Hello alice,', `expires at ${when} UTC`, 'It was never used.', '/account/tokens/'])
    expect(text).toContain(part);
  expect(await told()).toEqual([]);
  await move(id, { age: 36, left: 0.9 });
  expect(await told()).toEqual(['alice@example.com ci']);
  expect(await told()).toEqual([]);
});

it('comes for the nearest day only, when the server did not run before', async () => {
  await token('late', { age: 30, left: 0.5 });
  expect(await told()).toEqual(['alice@example.com late']);
  expect(await told()).toEqual([]);
});

it('does not come for tokens that are short-lived, revoked, expired or without an end, or of inactive accounts', async () => {
  await token('week', { age: 0, left: 7 });
  await token('day', { age: 0.1, left: 0.9 });
  await token('over', { age: 30, left: -0.1 });
  await createAccountToken(place.ctx, OPERATOR_ACTOR, 'alice', { name: 'endless', access: 'read' });
  const revoked = await token('revoked', { age: 30, left: 3 });
  await revokeAccountToken(place.ctx, OPERATOR_ACTOR, 'alice', revoked);
  await token('asleep', { age: 30, left: 3 }, 'robert');
  await place.database.db('users').where({ username: 'robert' }).update({ is_active: false });
  expect(await told()).toEqual([]);
  await place.database
    .db('access_tokens')
    .where({ name: 'week' })
    .update({
      expires_at: place.database.db.raw(`now() + interval '20 hours'`),
      created_at: place.database.db.raw(`now() - interval '6 days'`),
    });
  expect(await told()).toEqual(['alice@example.com week']);
});

it('comes to the owners of the organization for a robot', async () => {
  await createOrganization(place.ctx, OPERATOR_ACTOR, 'acme', { owner: 'alice' });
  await place.database.db.raw(`insert into team_members (team_id, user_id)
    select t.id, u.id from teams t, users u where t.is_owners and u.username = 'olga'`);
  const robot = { organization: 'acme', name: 'ci' };
  await createRobot(place.ctx, OPERATOR_ACTOR, robot);
  const { token: made } = await createRobotToken(place.ctx, OPERATOR_ACTOR, robot, { name: 'build', access: 'read' });
  await move(made.id, { age: 90, left: 5 });
  expect(await told()).toEqual(['alice@example.com build', 'olga@example.com build']);
  const text = place.smtp.mails.at(-1)?.parsed.text ?? '';
  for (const part of ['of the robot acme+ci', '/organizations/acme/robots/ci/']) expect(text).toContain(part);
});

it('comes once, however many processes look at once and however many tokens there are', async () => {
  const id = await token('first', { age: 30, left: 3 });
  await place.database.db.raw(
    `insert into access_tokens (user_id, name, secret_hash, access, created_at, expires_at)
     select user_id, 'many ' || n, decode(md5(n::text), 'hex'), access, created_at, expires_at
     from access_tokens, generate_series(1, 250) n where id = ?`,
    [id],
  );
  const look = () => tellExpiringTokens(place.ctx, new AbortController().signal);
  const counts = await Promise.all([look(), look(), look()]);
  expect(counts.reduce((sum, count) => sum + count)).toBe(251);
  const queued = await queuedJobs(place.database);
  expect(queued.filter(({ name }) => name === 'mail_notice')).toHaveLength(251);
});
