import { startHookServer, actor, addHook, APP, type HookServer } from '../../features/webhooks/hook-server';
import { browseAs, type Browsing } from '../../helpers/browse';
import { createImage, pushImages } from '../../helpers/images';
import { startReceiver, type Receiver } from '../../helpers/receiver';
import { sendTest } from '../../helpers/by-name';

const HOOKS = '/r/alice/app/settings/webhooks/';
const TARGET = 'https://ci.example.com/pushed';

let server: HookServer;
let receiver: Receiver;
let alice: Browsing;
beforeAll(async () => {
  server = await startHookServer();
  receiver = await startReceiver(({ path }) => ({ status: path === '/broken' ? 500 : 200, body: 'thanks <b>' }));
  await pushImages(server, 'alice/app', [createImage()], { user: 'alice' });
  await pushImages(server, 'alice/other', [createImage()], { user: 'alice' });
  await server.runJobs(); // the pushes are over before there are webhooks
  alice = await browseAs(server, 'alice');
});
afterAll(async () => {
  await server.close();
  await receiver.close();
});

const versionIn = (html: string): string => /name="version" value="([^"]*)"/.exec(html)![1]!.replaceAll('&quot;', '"');

const hookRow = (name: string) => server.ctx.db('webhooks').where({ name }).first();

/** Sends the form of a webhook as its page shows it, with some other fields. */
async function change(path: string, fields: Record<string, string>, version?: string) {
  const shown = version ?? versionIn((await alice.get(path)).html);
  return alice.send(path, { version: shown, ...fields });
}

describe('a new webhook', () => {
  it('shows its secret only on the answer', async () => {
    expect((await alice.get(HOOKS)).html).toContain('No webhooks yet');
    const { status, html } = await alice.send(HOOKS, { hook_name: 'ci', urls: `${TARGET}\r\n${TARGET}/2` });
    const { id, secret, urls } = await hookRow('ci');
    expect(status).toBe(200);
    expect(html).toContain(`<code tabindex="0" aria-label="Secret of the webhook">${secret}</code>`);
    expect(urls).toEqual([TARGET, `${TARGET}/2`]);
    for (const path of [HOOKS, `${HOOKS}${id}/`]) {
      const later = await alice.get(path);
      expect(later.html).toContain(`${TARGET}/2`);
      expect(later.html).not.toContain(secret);
    }
  });

  it('accepts a secret of its owner', async () => {
    await alice.send(HOOKS, { hook_name: 'own', urls: TARGET, secret: 'my-own-secret-of-mine' });
    expect((await hookRow('own')).secret).toBe('my-own-secret-of-mine');
  });

  it.each([
    [{ hook_name: '', urls: TARGET }, 400, 'The name of a webhook must have 1 to 64 characters.'],
    [{ hook_name: '<a>', urls: '' }, 400, 'A webhook must have 1 to 5 URLs.'],
    [{ hook_name: '<a>', urls: `${TARGET} `.repeat(6) }, 400, 'A webhook must have 1 to 5 URLs.'],
    [{ hook_name: '<a>', urls: 'javascript:alert(1)' }, 400, 'must start with http:// or https://'],
    [{ hook_name: 'own', urls: TARGET }, 409, 'The repository already has a webhook with this name.'],
  ])('%j is refused, and what was typed is kept except for the secret', async (fields, status, sentence) => {
    const answer = await alice.send(HOOKS, { ...fields, secret: 'typed-secret-of-mine' });
    expect(answer.status).toBe(status);
    expect(answer.html).toContain(sentence);
    expect(answer.html).toContain(`value="${fields.hook_name.replace('<a>', '&lt;a&gt;')}"`);
    expect(answer.html).toContain(`\n${fields.urls}</textarea>`);
    expect(answer.html).not.toContain('typed-secret-of-mine');
  });
});

describe('a webhook', () => {
  it('is changed, disabled and enabled; an empty secret keeps the present one', async () => {
    const { id, name, secret } = await addHook(server, TARGET);
    const path = `${HOOKS}${id}/`;
    const off = await change(path, { hook_name: `${name} 2`, urls: `${TARGET}/new` });
    expect([off.status, off.location]).toEqual([303, path]);
    expect(await hookRow(`${name} 2`)).toMatchObject({ urls: [`${TARGET}/new`], is_active: false, secret });
    expect((await alice.get(path)).html).toContain('<span class="badge plain">off</span>');
    await change(path, { hook_name: name, urls: TARGET, active: 'on', secret: 'another-secret-of-mine' });
    expect(await hookRow(name)).toMatchObject({ is_active: true, secret: 'another-secret-of-mine' });
  });

  it('is not overwritten by a form with an older version, unless it is sent again', async () => {
    const { id, name } = await addHook(server, TARGET);
    const path = `${HOOKS}${id}/`;
    const version = versionIn((await alice.get(path)).html);
    await change(path, { hook_name: name, urls: `${TARGET}/first`, active: 'on' }, version);
    const typed = { hook_name: name, urls: `${TARGET}/second`, active: 'on' };
    const stale = await change(path, typed, version);
    expect(stale.status).toBe(409);
    expect(stale.html).toMatch(/Saved now:[^]*pushed\/first/);
    expect(stale.html).toContain('pushed/second</textarea>');
    expect((await change(path, typed, versionIn(stale.html))).status).toBe(303);
    expect((await hookRow(name)).urls).toEqual([`${TARGET}/second`]);
  });

  it('keeps its name if another webhook has the new one', async () => {
    const [one, two] = [await addHook(server, TARGET), await addHook(server, TARGET)];
    const answer = await change(`${HOOKS}${one.id}/`, { hook_name: two.name, urls: TARGET, active: 'on' });
    expect(answer.status).toBe(409);
    expect(answer.html).toContain('The repository already has a webhook with this name.');
    expect(answer.html).not.toContain('Saved now');
  });

  it('is deleted', async () => {
    const { id, name } = await addHook(server, TARGET);
    const answer = await alice.send(`${HOOKS}${id}/delete/`, {}, `${HOOKS}${id}/`);
    expect([answer.status, answer.location]).toEqual([303, HOOKS]);
    expect(await hookRow(name)).toBeUndefined();
    expect((await alice.get(`${HOOKS}${id}/`)).status).toBe(404);
  });

  it('of another repository is not found', async () => {
    const { id } = await addHook(server, TARGET);
    expect((await alice.get(`/r/alice/other/settings/webhooks/${id}/`)).status).toBe(404);
  });
});

describe('deliveries', () => {
  it('of a test show the request, the answer and the time, and are sent again', async () => {
    const { id } = await addHook(server, `${receiver.url}/ok`);
    const path = `${HOOKS}${id}/`;
    expect((await alice.get(path)).html).toContain('No deliveries yet');
    const { location } = await alice.send(`${path}test/`, {}, path);
    expect(location).toMatch(new RegExp(`^${path}deliveries/\\d+/$`));
    const waiting = await alice.get(location!);
    expect(waiting.html).toContain('The test will be sent.');
    expect(waiting.html).toContain(`data-refresh="${location}progress/"`);
    await server.runJobs();

    const { html } = await alice.get(location!);
    expect(html).toMatch(/Attempt 1: answered 200 after \d+ ms/);
    expect(html).toMatch(/X-Drydock-Signature: /i);
    expect(html).toContain('thanks &lt;b&gt;');
    expect(html).toContain('&quot;push_data&quot;');
    expect(html).not.toContain('data-refresh');
    const progress = await alice.get(`${location}progress/`);
    expect(progress.html).toMatch(/^<div><dl[^]*delivered/);

    const again = await alice.send(`${location}again/`, {}, location);
    expect(again.location).not.toBe(location);
    await server.runJobs();
    expect((await alice.get(again.location!)).html).toContain('delivered');
    expect(receiver.received).toHaveLength(2);
  });

  it('show the callback of the receiver, with a link if it is one', async () => {
    const { id } = await addHook(server, TARGET);
    const delivery = await sendTest(server.ctx, await actor(server, 'alice'), APP, id);
    const callback = {
      state: 'success',
      description: '<i>built</i>',
      target_url: 'https://ci.example.com/1',
      at: new Date().toISOString(),
    };
    await server.ctx.db('webhook_deliveries').where({ id: delivery }).update({ callback });
    const { html } = await alice.get(`${HOOKS}${id}/deliveries/${delivery}/`);
    expect(html).toContain('&lt;i&gt;built&lt;/i&gt;');
    expect(html).toContain('<a href="https://ci.example.com/1" rel="nofollow noopener noreferrer">');
    expect((await alice.get(`${HOOKS}${id}/`)).html).toContain('called back: success');
  });

  it('are listed in pages, the newest first', async () => {
    const { id } = await addHook(server, TARGET);
    const sent: number[] = [];
    for (let n = 0; n < 26; n += 1) sent.push(await sendTest(server.ctx, await actor(server, 'alice'), APP, id));
    const first = await alice.get(`${HOOKS}${id}/`);
    expect(first.html).toContain(`deliveries/${sent[25]}/`);
    expect(first.html).not.toContain(`deliveries/${sent[0]}/`);
    const older = /rel="next" href="([^"]+)"/.exec(first.html)![1]!;
    const second = await alice.get(older);
    expect(second.html).toContain(`deliveries/${sent[0]}/`);
    expect(second.html).not.toContain('rel="next"');
  });

  it('of another webhook are not found', async () => {
    const [one, two] = [await addHook(server, TARGET), await addHook(server, TARGET)];
    const delivery = await sendTest(server.ctx, await actor(server, 'alice'), APP, one.id);
    expect((await alice.get(`${HOOKS}${two.id}/deliveries/${delivery}/`)).status).toBe(404);
    const again = await alice.send(`${HOOKS}${two.id}/deliveries/${delivery}/again/`, {}, HOOKS);
    expect(again.status).toBe(404);
  });
});
