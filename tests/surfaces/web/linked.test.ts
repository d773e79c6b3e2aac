import { OPERATOR_ACTOR } from '../../../src/features/access/actor';
import { getSource } from '../../../src/features/builds/sources';
import { getAdministered } from '../../../src/features/repositories/get-repository';
import { readFullName } from '../../../src/features/repositories/names';
import { jobsOf } from '../../../src/jobs';
import { browseAs, type Browsing } from '../../helpers/browse';
import { linkInBrowser, startLinkedPlace, type LinkedPlace } from '../../helpers/linked-place';
import { runDueJobs } from '../../helpers/run-jobs';
import { startTestServer, addUser } from '../../helpers/test-server';

/* The story of a linked account in a browser without scripts. */

let place: LinkedPlace;
let browsing: Browsing;

beforeEach(async () => {
  place = await startLinkedPlace();
  browsing = await browseAs(place.server, 'alice');
});
afterEach(() => place.close());

const sourceOf = async (name: string) => {
  const { ctx } = place.server;
  return getSource(ctx, await getAdministered(ctx, OPERATOR_ACTOR, readFullName(name)));
};

it('leads from a provider to a repository that is built from one there', async () => {
  const gitlab = place.providers.of.gitlab;
  for (let n = 0; n < 55; n += 1) gitlab.addRepository(`alice-there/r${n}`);
  const shop = gitlab.addRepository('alice-there/Web_Shop', { isPrivate: true });
  const linked = await linkInBrowser(place, browsing, 'gitlab');
  expect(linked.html).toContain('href="/account/linked/gitlab/"');

  const first = await browsing.get('/account/linked/gitlab/');
  expect(first.html).toContain('alice-there/Web_Shop');
  const [, next = ''] = /href="([^"]+)">Next page</.exec(first.html) ?? [];
  expect((await browsing.get(next.replaceAll('&amp;', '&'))).html).toContain('>alice-there/r0 ');
  expect((await browsing.get('/account/linked/gitlab/?search=nothing-like-it')).html).toContain('No repositories');

  const path = '/account/linked/gitlab/add/';
  const form = await browsing.get(`${path}?repository=${encodeURIComponent(shop.fullName)}`);
  expect(form.html).toMatch(/name="name"[^>]*value="web_shop"/);
  const fields = { repository: shop.fullName, namespace: 'alice', visibility: 'private', sync: 'on' };
  const wrong = await browsing.send(path, { ...fields, name: 'Not A Name' });
  expect([wrong.status, wrong.html]).toEqual([400, expect.stringContaining('role="alert"')]);
  const made = await browsing.send(path, { ...fields, name: 'web_shop' });
  expect(made.location).toBe('/r/alice/web_shop/builds/');
  expect((await browsing.get(made.location ?? '')).html).toContain(
    'alice/web_shop is built from alice-there/Web_Shop. Its hook is being added.',
  );
  await runDueJobs(place.server.database, jobsOf(place.server.ctx));
  expect(await sourceOf('alice/web_shop')).toMatchObject({ syncsDescription: true, linked: { state: 'added' } });
  expect([shop.hooks.length, shop.keys.length]).toEqual([1, 1]);
  expect((await browsing.get('/account/linked/gitlab/')).html).toMatch(
    /href="\/r\/alice\/web_shop\/builds\/".*>added</s,
  );

  const settings = await browsing.get('/r/alice/web_shop/settings/builds/');
  expect(settings.html).toContain('It is alice-there/Web_Shop of the linked account alice-there.');
  expect(settings.html).not.toContain('Add this deploy key');

  const gone = await browsing.send('/account/linked/unlink/', { id: '1' }, '/account/linked/');
  expect(gone.location).toBe('/account/linked/');
  expect((await browsing.get('/account/linked/')).html).not.toContain('alice-there');
});

it('shows the hook once when the access is limited', async () => {
  place.providers.of.github.addRepository('alice-there/open');
  await linkInBrowser(place, browsing, 'github', 'limited');
  const path = '/account/linked/github/add/';
  const fields = { repository: 'alice-there/open', namespace: 'alice', name: 'open', visibility: 'public' };
  const made = await browsing.send(path, fields, `${path}?repository=alice-there%2Fopen`);
  const { hookUrl } = await sourceOf('alice/open');
  expect(made.html).toContain(hookUrl);
  expect(made.html).toContain('The secret is not shown again');
});

it('says on the page what is wrong at the provider', async () => {
  await linkInBrowser(place, browsing, 'bitbucket');
  const { instead } = place.providers.of.bitbucket;
  instead.push({ path: 'workspaces', status: 429, headers: { 'Retry-After': '30' }, times: 1 });
  const busy = await browsing.get('/account/linked/bitbucket/');
  expect([busy.status, busy.html]).toEqual([
    429,
    expect.stringContaining('Bitbucket does not accept more requests for now. Try again in 30 seconds.'),
  ]);
  instead.push({ path: 'workspaces', status: 200, body: { values: 'of another shape' }, times: 1 });
  const odd = await browsing.get('/account/linked/bitbucket/');
  expect([odd.status, odd.html]).toEqual([503, expect.stringContaining('gave an answer that is not understood')]);
  place.providers.of.bitbucket.revokeAll();
  expect((await browsing.get('/account/linked/bitbucket/')).html).toContain('link the account again');
  expect((await browsing.get('/account/linked/')).html).toContain('does not work');
  expect((await browsing.get('/account/linked/github/')).status).toBe(404);
});

it('says that no provider is configured', async () => {
  const plain = await startTestServer();
  try {
    await addUser(plain, 'alice');
    const seen = await (await browseAs(plain, 'alice')).get('/account/linked/');
    expect(seen.html).toContain('A repository can still be built from any git URL');
  } finally {
    await plain.close();
  }
});
