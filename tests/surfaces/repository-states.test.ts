import { randomUUID } from 'node:crypto';
import { OPERATOR } from '../../src/features/audit/audit';
import { PLACES, SITUATIONS, outcomeAt, type Outcome, type Place } from '../../src/features/access/repository-states';
import { getPrivateSlots } from '../../src/features/namespaces/plans';
import { fireWebhooks } from '../../src/features/webhooks/push-deliveries';
import { AppError } from '../../src/platform/errors';
import { actorOf } from '../helpers/actors';
import { askApi } from '../helpers/api-client';
import { Browsing, browseAs } from '../helpers/browse';
import { startPush, uploadImage } from '../helpers/images';
import { runOnServer } from '../helpers/program-on-server';
import { call } from '../helpers/registry-client';
import { situate, type Situated } from '../helpers/repository-situation';
import { startServerWithStranger } from '../helpers/repository-client';
import { basic, type TestServer } from '../helpers/test-server';

/*
 * The table of the states of a repository, cell by cell, on a server: how each place treats a public repository of
 * alice, for her and for another user.
 */

let server: TestServer;
beforeAll(async () => {
  server = await startServerWithStranger();
});
afterAll(() => server.close());

type Probe = (situated: Situated) => Promise<Outcome>;

/** Tells who is shown something: alice and other users, only alice, or nobody. */
function shown(isShown: (situated: Situated, to: 'alice' | undefined) => Promise<boolean | 'follows'>): Probe {
  return async (situated) => {
    const [member, stranger] = [await isShown(situated, 'alice'), await isShown(situated, undefined)];
    if (member !== stranger) {
      expect([member, stranger]).toEqual([true, false]);
      return 'members';
    }
    return member === 'follows' ? 'follows' : member ? 'yes' : 'no';
  };
}

const authorized = (by: string | undefined) => (by === undefined ? {} : { authorization: basic(by) });
const asked = (by: string | undefined) => (by === undefined ? {} : { as: by });

/** The outcome of a status for alice, who may do everything with her repositories. */
function outcomeOf(status: number, text: string): Outcome {
  if (status < 400) return 'yes';
  if (status === 404) return 'no';
  expect([403, 409]).toContain(status);
  expect(text).not.toBe('');
  return 'refused';
}

function v1(method: 'get' | 'put' | 'delete', rest: string, body?: (situated: Situated) => string): Probe {
  return async (situated) => {
    const path = `/v1/repositories/alice/${situated.name}/${rest}`;
    const sent = body === undefined ? {} : { body: body(situated) };
    const { status, text } = await call(server, method, path, { authorization: basic('alice'), ...sent });
    return outcomeOf(status, text);
  };
}

/** A GET of v1; the answer for a former name is that of the present one. */
function v1Read(rest: string): Probe {
  return shown(async ({ situation, name }, to) => {
    const { status } = await call(server, 'get', `/v1/repositories/alice/${name}/${rest}`, authorized(to));
    if (status !== 200) return false;
    return situation === 'former' ? 'follows' : true;
  });
}

function apiRead(rest: string): Probe {
  return shown(async ({ situation, name }, to) => {
    const { status } = await askApi(server, 'get', `/api/v1.1/repositories/alice/${name}/${rest}`, asked(to));
    if (status !== 200) return false;
    return situation === 'former' ? 'follows' : true;
  });
}

type Write = 'put' | 'post' | 'patch' | 'delete';
function apiWrite(method: Write, rest: string, body?: unknown, headers: Record<string, string> = {}): Probe {
  return async ({ name }) => {
    const path = `/api/v1.1/repositories/alice/${name}/${rest}`;
    const { status, text } = await askApi(server, method, path, { as: 'alice', headers, ...(body ? { body } : {}) });
    return outcomeOf(status, text);
  };
}

/** A page that lists repositories. */
function listPage(path: (name: string) => string): Probe {
  return shown(async ({ name }, to) => {
    const browsing = to === undefined ? new Browsing(server.server) : await browseAs(server, to);
    const { status, html } = await browsing.get(path(name));
    expect(status).toBe(200);
    return html.includes(`href="/r/alice/${name}/"`);
  });
}

/** A page of the repository itself. A former name leads to the page of the present one. */
function ownPage(rest: string): Probe {
  return async ({ name, present }) => {
    const { status, location } = await (await browseAs(server, 'alice')).get(`/r/alice/${name}/${rest}`);
    if (status === 404) return 'no';
    if (status === 200) return 'yes';
    expect(status).toBeLessThan(400);
    if (location?.startsWith(`/r/alice/${present}/`) === true && present !== name) return 'follows';
    expect(location).toBe(`/r/alice/${name}/settings/delete/`);
    return 'refused';
  };
}

const overviewPage: Probe = async (situated) => {
  const own = await ownPage('')(situated);
  const { status } = await new Browsing(server.server).get(`/r/alice/${situated.name}/`);
  // A visitor who is not logged in is asked to log in for a private repository; a remote one counts as such.
  const isForStrangers = status === 200 || own === 'follows';
  return own === 'yes' && !isForStrangers ? 'members' : own;
};

/** Runs `drydock` on the data of the server; resolves to what it prints. */
async function command(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const print = jest.spyOn(console, 'log').mockImplementation((line: string) => lines.push(line));
  try {
    await runOnServer(server, ...args);
  } finally {
    print.mockRestore();
  }
  return lines.join('\n');
}

function commanded(...args: string[]): Probe {
  return async ({ name }) => {
    try {
      await command(...args.map((arg) => arg.replace('NAME', `alice/${name}`)));
      return 'yes';
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error.code === 'not_found' ? 'no' : 'refused';
    }
  };
}

async function idOf(name: string): Promise<number> {
  const row: { id: number } | undefined = await server.ctx.db('repositories').where({ name }).first('id');
  return Number(row?.id);
}

/** Counts the change in the number of alice's private repositories. */
const plan: Probe = async ({ situation, present }) => {
  const { used } = await getPrivateSlots(server.ctx, 'alice');
  await server.ctx.db('repositories').where({ name: present }).update({ visibility: 'private' });
  const { used: then } = await getPrivateSlots(server.ctx, 'alice');
  // The repository that had the name counts once.
  return then - used - (situation === 'former' ? 1 : 0) === 1 ? 'yes' : 'no';
};

const PROBES: Readonly<Record<Place, Probe>> = {
  plan,
  name: async ({ name }) => {
    const body = { namespace: 'alice', name };
    const { status } = await askApi(server, 'post', '/api/v1.1/repositories/', { as: 'alice', body });
    const other = await situate(server, 'active');
    const move = `/api/v1.1/repositories/alice/${other.name}/move/`;
    const { status: moved } = await askApi(server, 'post', move, { as: 'alice', body });
    expect(status >= 400).toBe(moved >= 400);
    return status >= 400 ? 'yes' : 'no';
  },
  v1Push: v1('put', '', () => '[]'),
  v1SetTag: async (situated) => {
    const { image, name, situation } = situated;
    if (situation === 'initialized') {
      await uploadImage(server, await startPush(server, `alice/${name}`, [image]), image);
    }
    return v1('put', 'tags/again', () => JSON.stringify(image.id))(situated);
  },
  v1Images: v1Read('images'),
  v1Tags: v1Read('tags'),
  v1Delete: v1('delete', ''),
  v1Search: shown(async ({ name }, to) => {
    const { text } = await call(server, 'get', `/v1/search?q=${name}`, authorized(to));
    return (JSON.parse(text) as { results: { name: string }[] }).results.some((hit) => hit.name === `alice/${name}`);
  }),
  apiSearch: shown(async ({ name }, to) => {
    const { body } = await askApi(server, 'get', '/api/v1.1/search/', { ...asked(to), query: { q: name } });
    return (body as { results: { name: string }[] }).results.some((hit) => hit.name === `alice/${name}`);
  }),
  searchPage: listPage((name) => `/search/?q=${name}`),
  explore: listPage(() => '/explore/?sort=newest'),
  profile: listPage(() => '/u/alice/'),
  apiList: shown(async ({ name }, to) => {
    const path = '/api/v1.1/repositories/alice/';
    const { body } = await askApi(server, 'get', path, { ...asked(to), query: { name, page_size: 100 } });
    return (body as { results: { name: string }[] }).results.some((one) => one.name === name);
  }),
  apiGet: apiRead(''),
  apiPatch: apiWrite('patch', '', { description: 'changed' }, { 'If-Match': '*' }),
  apiDelete: apiWrite('delete', ''),
  apiTags: apiRead('tags/'),
  page: overviewPage,
  settingsPage: ownPage('settings/'),
  deletePage: async ({ name }) => {
    const path = `/r/alice/${name}/settings/delete/`;
    const { status, location } = await (
      await browseAs(server, 'alice')
    ).send(path, { confirmation: `alice/${name}` }, '/dashboard/');
    if (location !== '/dashboard/') return status === 404 || location !== undefined ? 'no' : 'refused';
    expect(await server.ctx.db('repositories').where({ name })).toEqual([]);
    return 'yes';
  },
  commandList: async ({ name }) => {
    const listed = JSON.parse(await command('repo', 'list', 'alice', '--json')) as { name: string }[];
    return listed.some((one) => one.name === name) ? 'yes' : 'no';
  },
  commandVisibility: commanded('repo', 'unlisted', 'NAME'),
  commandMove: commanded('repo', 'move', 'NAME', 'NAMEmoved'),
  commandDelete: commanded('repo', 'delete', 'NAME', '--yes'),
  move: async (situated) => apiWrite('post', 'move/', { namespace: 'alice', name: `${situated.name}moved` })(situated),
  webhookSettings: apiWrite('post', 'webhooks/', { name: 'ci', urls: ['http://192.0.2.1/hook'] }),
  webhookDelivery: async ({ situation, present, image }) => {
    const repositoryId = await idOf(present);
    const hook = { repository_id: repositoryId, name: 'ci', urls: ['http://192.0.2.1/hook'], secret: 'x' };
    const [{ id }] = await server.ctx.db('webhooks').insert(hook).returning('id');
    const push = { id: randomUUID(), repositoryId, imageIds: [image.id], tag: 'latest', tags: [] };
    await fireWebhooks(server.ctx, { ...push, pusher: OPERATOR.name ?? '', finishedAt: new Date() });
    const queued = await server.ctx.db('webhook_deliveries').where({ webhook_id: id });
    if (queued.length === 0) return 'no';
    return situation === 'former' ? 'follows' : 'yes';
  },
  statistics: apiRead('statistics/'),
  star: apiWrite('put', 'star/'),
};

describe.each(Object.keys(PLACES) as Place[])('%s', (place) => {
  it.each(SITUATIONS.map((situation) => [situation, outcomeAt(place, situation)] as const))(
    'of a repository that is %s: %s',
    async (situation, outcome) => {
      expect(await PROBES[place](await situate(server, situation))).toBe(outcome);
    },
  );
});

describe('a deletion that a v1 DELETE began', () => {
  it('says in its first answer what is left to do', async () => {
    const { name } = await situate(server, 'active');
    const path = `/v1/repositories/alice/${name}/`;
    const answer = await call(server, 'delete', path, { authorization: basic('alice') });
    expect([answer.status, answer.text]).toEqual([202, '""']);
    expect(answer.headers['x-drydock-notice']).toBe(
      `alice/${name} is being deleted. Its name is free after one more DELETE, or by itself in 24 hours`,
    );
    const last = await call(server, 'delete', path, { authorization: basic('alice') });
    expect([last.status, last.text, last.headers['x-drydock-notice']]).toEqual([200, '""', undefined]);
  });

  it('is shown with its state, and every other way of deleting completes it and releases the name', async () => {
    const ways = [
      async (name: string) => {
        const { status } = await askApi(server, 'delete', `/api/v1.1/repositories/alice/${name}/`, { as: 'alice' });
        expect(status).toBe(204);
      },
      async (name: string) => {
        const path = `/r/alice/${name}/settings/delete/`;
        const browsing = await browseAs(server, 'alice');
        expect((await browsing.get(path)).html).toContain('Delete now');
        expect((await browsing.send(path, {})).location).toBe('/dashboard/');
      },
      async (name: string) => {
        expect(await command('repo', 'delete', `alice/${name}`, '--yes')).toBe(`Deleted alice/${name}.`);
      },
    ];
    for (const end of ways) {
      const { name } = await situate(server, 'deleting');
      const { body } = await askApi(server, 'get', `/api/v1.1/repositories/alice/${name}/`, { as: 'alice' });
      expect(body.status).toBe('deleting');
      await end(name);
      const made = await askApi(server, 'post', '/api/v1.1/repositories/', {
        as: 'alice',
        body: { namespace: 'alice', name },
      });
      expect(made.status).toBe(201);
    }
  });

  it('says why the name cannot be taken, and why nothing can be changed', async () => {
    const { name } = await situate(server, 'deleting');
    const why = `alice/${name} is being deleted. Delete it once more to end that at once`;
    const body = { namespace: 'alice', name };
    const made = await askApi(server, 'post', '/api/v1.1/repositories/', { as: 'alice', body });
    expect([made.status, made.body.detail]).toEqual([409, why]);
    await expect(command('repo', 'create', `alice/${name}`)).rejects.toThrow(why);
    await expect(command('repo', 'move', `alice/${name}`, 'alice/elsewhere')).rejects.toThrow(why);
    expect(await server.ctx.db('repositories').where({ name }).first('state')).toEqual({ state: 'deleting' });
  });

  it('releases the private repository of the plan at once', async () => {
    await server.ctx.db('namespaces').where({ name: 'carol' }).update({ plan: 'free' });
    const actor = await actorOf(server, 'carol');
    expect(actor.kind).toBe('user');
    const make = (name: string) =>
      askApi(server, 'post', '/api/v1.1/repositories/', {
        as: 'carol',
        body: { namespace: 'carol', name, visibility: 'private' },
      });
    expect((await make('one')).status).toBe(201);
    expect((await make('two')).status).toBe(403);
    await call(server, 'delete', '/v1/repositories/carol/one/', { authorization: basic('carol') });
    expect((await make('two')).status).toBe(201);
  });
});
