import type { Command } from 'commander';
import request from 'supertest';
import type { Context } from '../../src/context';
import { createAccountToken } from '../../src/features/accounts/own-access-tokens';
import { GUARDED_ACTIONS, needsPassword, type GuardedAction } from '../../src/features/accounts/guarded-actions';
import { ENDPOINTS } from '../../src/surfaces/api/endpoints';
import { buildProgram } from '../../src/surfaces/cli/program';
import type { CommandParts } from '../../src/surfaces/cli/command-parts';
import { v1Routes } from '../../src/surfaces/v1/routes';
import { webRoutes } from '../../src/surfaces/web/routes';
import { actorOf } from '../helpers/actors';
import { askApi, logIn } from '../helpers/api-client';
import { browseAs } from '../helpers/browse';
import { accessTokenOf, addClient, linkOf } from '../helpers/oauth';
import { addUser, basic, startTestServer, type TestServer } from '../helpers/test-server';

/*
 * Walks the table of guarded actions, and every route and command. Whatever changes something is in the table or is of
 * a kind that the lists here name: a new route fails until someone has decided.
 */

const ACTIONS = Object.entries<GuardedAction>(GUARDED_ACTIONS);
const ROUTES = { api: ENDPOINTS, pages: webRoutes({} as Context), v1: v1Routes({} as Context) } as const;
type Surface = keyof typeof ROUTES;

const plain = (route: string) => route.replace(/(?<=.)\/$/, '');

function changing(surface: Surface): string[] {
  const rows = ROUTES[surface].filter(({ method }) => method !== 'get');
  return [...new Set(rows.map(({ method, path }) => plain(`${method.toUpperCase()} ${path}`)))];
}

function inTable(surface: Surface | 'cli', proof?: GuardedAction['proof']): Set<string> {
  const actions = ACTIONS.filter(([, action]) => proof === undefined || action.proof === proof);
  return new Set(actions.flatMap(([, action]) => action[surface] ?? []).map(plain));
}

/** Routes and commands that change something but cannot cost a user their account. */
const ORDINARY: Readonly<Record<Surface | 'cli', readonly RegExp[]>> = {
  api: [
    /^(POST|PATCH) \/api\/v1.1\/users(\/:username)?$/, // registration, and the profile
    /^POST \/api\/v1.1\/users\/:username\/emails\/confirm$/, // sends a mail, limited
    /^POST \/api\/v1.1\/password\/reset$/,
    /^(POST|DELETE) \/api\/v1.1\/session(\/confirm)?$/, // login, confirmation of the password, logout
    /^POST \/api\/v1.1\/o\/token$/, // for a client with its secret
    /^PATCH \/api\/v1.1\/namespaces\/:name$/,
    /^\w+ \/api\/v1.1\/namespaces\/:name\/(retention|storage|build-policy)$/,
    /^(POST|PATCH) \/api\/v1.1\/orgs(\/:org)?$/, // creates one, and its profile
    /^\w+ \/api\/v1.1\/orgs\/:org\/(teams|invitations)\b/,
    /^PUT \/api\/v1.1\/orgs\/:org\/robots\/:name$/, // that alone gives it no token
    /^POST \/api\/v1.1\/(users\/:username\/)?invitations\b/,
    /^\w+ \/api\/v1.1\/users\/:username\/linked-accounts\b/, // an account at a git provider, for builds
    /^\w+ \/api\/v1.1\/(plans|repositories|jobs|maintenance)\b/,
  ],
  pages: [
    /^POST \/account\/login\/oidc\/(create|confirm)$/, // only with what the provider has confirmed
    /^POST \/account\/(signup|login|login\/code|logout|settings|data)$/, // the last one downloads
    /^POST \/account\/(emails\/resend|confirm|reset)$/, // send a mail, limited
    /^POST \/account\/linked\/(connect|unlink|:provider\/add)$/, // as in the API
    /^POST \/account\/(teams\/\w+|invitation\/:secret|retention|retention\/remove)$/,
    /^POST \/organizations\/(add|:org\/(settings|plan|plan\/assign|retention|retention\/remove|robots))$/,
    /^POST \/organizations\/:org\/(teams|invitations)\b/,
    /^POST \/admin\/users$/, // as in the API
    /^POST \/admin\/(users\/:name\/plan|plans|plans\/delete|storage\/\w+|namespaces\/:name\/storage(\/remove)?|jobs\/\w+|comments\/\w+)$/,
    /^POST \/theme$/, // a cookie of the browser
    /^POST \/markdown\/preview$/, // changes nothing
    /^POST \/repository\/add(\/automated)?$/,
    /^POST \/(r\/:namespace|_)\/:name\b/,
  ],
  v1: [/^POST \/v1\/users$/, /^\w+ \/v1\/(images|repositories)\b/],
  cli: [
    /^(serve|builder|migrate|seed|gc|scrub|audit|doctor|completion|version|backup|restore|verify-backup|upgrade-postgres|rotate-key|mail test)$/,
    /^user (list|add|sign-ins)$/,
    /^(token|oauth-client|retired-name) list$/,
    /^org (list|add|robot-add)$/,
    /^(build|linked|plan|repo|retention|storage|team|webhook) /,
  ],
};

function commands(): string[] {
  const found: string[] = [];
  const walk = (command: Command, before: string): void => {
    for (const child of command.commands) {
      const name = `${before} ${child.name()}`.trim();
      if (child.commands.length === 0) found.push(name);
      else walk(child, name);
    }
  };
  walk(buildProgram({ version: '1' } as CommandParts), '');
  return found;
}

describe.each(['api', 'pages', 'v1', 'cli'] as const)('of %s', (surface) => {
  const doors = surface === 'cli' ? commands() : changing(surface);
  const table = inTable(surface);

  it('each route that changes something is in the table, or is of another kind (R160)', () => {
    const isOrdinary = (door: string) => ORDINARY[surface].some((pattern) => pattern.test(door));
    expect(doors.filter((door) => table.has(door) === isOrdinary(door))).toEqual([]);
  });

  it('the table names only existing routes', () => {
    expect([...table].filter((door) => !doors.includes(door))).toEqual([]);
  });
});

it('no OAuth scope allows an action of the table', () => {
  const table = inTable('api');
  const open = ENDPOINTS.filter(({ method, path }) => table.has(plain(`${method.toUpperCase()} ${path}`)));
  expect(open.filter(({ scope }) => scope !== undefined)).toEqual([]);
  expect(open.length).toBeGreaterThan(20);
});

describe('on a server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await addUser(server, 'alice', { isAdmin: true });
  });
  beforeEach(() => server.ctx.db('failure_counts').delete());
  afterAll(() => server.close());

  const PARTS: Readonly<Record<string, string>> = { username: 'alice', name: 'alice', org: 'acme', robot: 'ci' };

  function pathOf(path: string): string {
    return path.replaceAll(/:(\w+)/g, (_all, part: string) => PARTS[part] ?? '1');
  }

  /** Makes every login eleven minutes older. */
  const ageLogins = () =>
    server.database.db.raw(`update sessions set authenticated_at = now() - interval '11 minutes'`);

  const events = async (): Promise<number> => {
    const { rows } = await server.database.db.raw<{ rows: { n: number }[] }>(
      'select max(id)::int as n from audit_events',
    );
    return rows[0]!.n;
  };

  const API = ENDPOINTS.filter(needsPassword).map(({ method, path }) => [method, path] as const);

  it.each(API)(
    'API %s %s accepts neither an old session, an access token nor a program (R160)',
    async (method, path) => {
      const session = await logIn(server, 'alice');
      await ageLogins();
      const token = await createAccountToken(server.ctx, await actorOf(server, 'alice'), 'alice', {
        name: `${method} ${path}`.slice(0, 100),
        access: 'admin',
      });
      const program = await accessTokenOf(server, 'alice', 'profile_read profile_write email_read email_write');
      await ageLogins();
      const before = await events();
      const ask = async (headers: Readonly<Record<string, string>>) => {
        const answer = await askApi(server, method, pathOf(path), {
          headers: { 'If-Match': '*', ...headers },
          body: {},
        });
        return [answer.status, answer.body.code];
      };
      expect([
        await ask(session),
        await ask({ Authorization: basic('alice', token.secret) }),
        await ask({ Authorization: `Bearer ${program}` }),
      ]).toEqual([
        [403, 'password_needed'],
        [403, 'forbidden'],
        [403, 'forbidden'],
      ]);
      expect(await events()).toBe(before);
    },
  );

  const PAGES = webRoutes({} as Context)
    .filter((row) => needsPassword(row) && row.access !== 'link-form')
    .map(({ path }) => path);

  it.each(PAGES)('page POST %s asks for the password, and keeps what was typed (R160)', async (path) => {
    const browser = await browseAs(server, 'alice');
    await ageLogins();
    const fields = { email: 'typed@example.com', current_password: 'secret-word', password: 'secret-word' };
    const before = await events();
    const asked = await browser.send(pathOf(path), fields, '/account/emails/');
    expect(asked.status).toBe(403);
    expect(await events()).toBe(before);
    expect(asked.html).toContain('<h1>Confirm your password</h1>');
    expect(asked.html).toContain('<input type="hidden" name="email" value="typed@example.com"');
    expect(asked.html).not.toContain('secret-word');
    const wrong = await browser.send(pathOf(path), { ...fields, confirm_password: 'wrong' }, '/account/emails/');
    expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('The password is wrong.')]);
  });

  it('the page that asks a user whether a program may act asks for the password too (R160)', async () => {
    const link = linkOf(await addClient(server));
    const browser = await browseAs(server, 'alice');
    await ageLogins();
    const asked = await browser.send(link, { step: 'allow' });
    expect([asked.status, asked.html]).toEqual([403, expect.stringContaining('Confirm your password')]);
    const denied = await browser.send(link, { step: 'deny' });
    expect([denied.status, denied.location]).toEqual([303, expect.stringContaining('error=access_denied')]);
    const allowed = await browser.send(link, { step: 'allow', confirm_password: 'alicepw' });
    expect([allowed.status, allowed.location]).toEqual([303, expect.stringContaining('code=')]);
  });

  it('owners of an organization are changed only with the password, members of other teams without it (R160)', async () => {
    await addUser(server, 'robert');
    const session = await logIn(server, 'alice');
    const org = { headers: session, body: { name: 'acme' } };
    expect((await askApi(server, 'post', '/api/v1.1/orgs/', org)).status).toBe(201);
    await ageLogins();
    const invite = async (team: string) => {
      const path = `/api/v1.1/orgs/acme/teams/${team}/invitations/`;
      return (await askApi(server, 'post', path, { headers: session, body: { username: 'robert' } })).status;
    };
    await askApi(server, 'put', '/api/v1.1/orgs/acme/teams/builders/', { headers: session, body: {} });
    expect([await invite('owners'), await invite('builders')]).toEqual([403, 201]);
    const browser = await browseAs(server, 'alice');
    await ageLogins();
    const path = '/organizations/acme/teams/owners/members/';
    const asked = await browser.send(path, { username: 'robert' }, '/account/emails/');
    expect([asked.status, asked.html]).toEqual([403, expect.stringContaining('value="robert"')]);
    const added = await browser.send(path, { username: 'robert', confirm_password: 'alicepw' }, '/account/emails/');
    expect(added.status).toBe(303);
  });

  it('a form with the password does its action, and the next ones need none for ten minutes', async () => {
    const browser = await browseAs(server, 'alice');
    await ageLogins();
    const fields = { email: 'more@example.com', confirm_password: 'alicepw' };
    expect(await browser.send('/account/emails/', fields)).toMatchObject({ status: 303 });
    expect(
      await browser.send('/account/emails/remove/', { email: 'more@example.com' }, '/account/emails/'),
    ).toMatchObject({ status: 303 });
    await ageLogins();
    expect(await browser.send('/account/emails/', { email: 'more@example.com' })).toMatchObject({ status: 403 });
  });

  it('a session of the API can confirm the password, and goes on', async () => {
    const session = await logIn(server, 'alice');
    await ageLogins();
    const confirm = (body: unknown) => askApi(server, 'post', '/api/v1.1/session/confirm/', { headers: session, body });
    const add = () =>
      askApi(server, 'post', '/api/v1.1/users/alice/emails/', { headers: session, body: { email: 'api@example.com' } });
    const refused = await add();
    expect([refused.status, refused.body.code]).toEqual([403, 'password_needed']);
    expect(refused.body.detail).toContain('POST /api/v1.1/session/confirm/');
    const wrong = await confirm({ password: 'wrong' });
    expect([wrong.status, wrong.body.errors]).toEqual([400, [{ field: 'body.password', message: 'is wrong' }]]);
    expect((await add()).status).toBe(403);
    expect((await confirm({ password: 'alicepw' })).status).toBe(204);
    expect((await add()).status).toBe(201);
  });

  it('v1 accepts the password in the request, and no access token', async () => {
    const { secret } = await createAccountToken(server.ctx, await actorOf(server, 'alice'), 'alice', {
      name: 'v1',
      access: 'admin',
    });
    const put = (authorization: string) =>
      request(server.server)
        .put('/v1/users/alice')
        .set('Authorization', authorization)
        .send({ email: 'v1@example.com' });
    expect((await put(basic('alice', secret))).status).toBe(403);
    expect((await put(basic('alice'))).status).toBe(204);
  });
});
